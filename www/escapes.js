// Characters that nobody sees, or that move what stands beside them, made visible: as `\n`, or as the bytes that redis-cli
// prints for them (`\xe2\x80\xae`), which the prompt reads back. It gives text and must not touch the page.

const SHORT = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r" };
/** Controls; line separators; what turns the direction of writing; what has no width. Joiners stay: emoji are made with them. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const encoder = new TextEncoder();

/** Text on one line, in which nothing hides. */
export const escaped = (text) => text.replace(HIDDEN, escape);

/** The same, but line breaks and tabs stay what they are. */
export const escapedLines = (text) =>
  text.replace(HIDDEN, (character) => (/[\t\n]/.test(character) ? character : escape(character)));

/** Text in quotes, as the prompt takes it. */
export const inQuotes = (text) => `"${escaped(text.replace(/["\\]/g, "\\$&"))}"`;

/** A name as it is; in quotes when something would hide in it. */
export const named = (name) => (escaped(name) === name ? name : inQuotes(name));

function escape(character) {
  const short = SHORT[character.charCodeAt(0)];
  if (short !== undefined) return short;
  return Array.from(encoder.encode(character), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
