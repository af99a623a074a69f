// Bytes as text that any bundler and minifier leaves alone: printable ASCII without `"`, `\` and `<`. It must agree with
// src/core-module.ts, which reads it.

/** Bytes below this are one character; the others a mark, of which there are two, and the character of the rest. */
const SINGLE = 88;

/** The characters in order: from `#` to `~`, without the two of them that strings or pages escape. */
const character = (value) => {
  const code = value + 35;
  return String.fromCharCode(code < 60 ? code : code < 91 ? code + 1 : code + 2);
};

/** The text of these bytes. Small bytes are the frequent ones in wasm. */
export function embed(bytes) {
  const text = (byte) =>
    byte < SINGLE
      ? character(byte)
      : character(SINGLE - 1 + Math.floor(byte / SINGLE)) + character(byte % SINGLE);
  return Array.from(bytes, text).join("");
}
