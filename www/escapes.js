// Makes invisible characters, and those that reorder text around them, visible: as `\n`, or as the bytes that redis-cli
// prints (`\xe2\x80\xae`), which the prompt can parse. It returns text and must not touch the page.

const SHORT = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r" };
/**
 * Control characters, line separators, direction marks and zero-width characters. Joiners are kept, because emoji
 * contain them.
 */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const encoder = new TextEncoder();

/** Text on one line, without hidden characters. */
export const escaped = (text) => text.replace(HIDDEN, escape);

/** The same, but line breaks and tabs are kept. */
export const escapedLines = (text) =>
  text.replace(HIDDEN, (character) => (/[\t\n]/.test(character) ? character : escape(character)));

/** Text in quotes, as the prompt parses it. */
export const inQuotes = (text) => `"${escaped(text.replace(/["\\]/g, "\\$&"))}"`;

/** A name unchanged, or in quotes if it contains hidden characters. */
export const named = (name) => (escaped(name) === name ? name : inQuotes(name));

function escape(character) {
  const short = SHORT[character.charCodeAt(0)];
  if (short !== undefined) return short;
  return Array.from(encoder.encode(character), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
