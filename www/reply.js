// Formats a reply as text, like redis-cli. Values were written by others, so the result is only text.

import { inQuotes } from "./escapes.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** The most lines shown of one reply. */
const MOST_LINES = 2_000;

/** A status reply, shown without quotes. */
export class Status {
  constructor(text) {
    this.text = text;
  }

  get lines() {
    return this.text.split("\n");
  }
}

/** Text, or bytes that are UTF-8, as text; `undefined` for other bytes. */
export function textOf(value) {
  if (typeof value === "string") return value;
  try {
    return strict.decode(value);
  } catch {
    return undefined;
  }
}

/** Bytes in readable form: text if they are UTF-8, otherwise `\xff`. Line breaks are kept. */
export const readable = (value) => textOf(value) ?? byBytes(value);

/** A value in quotes, on one line, as the prompt parses it. */
export function quoted(value) {
  const text = textOf(value);
  return text === undefined ? `"${byBytes(value, /["\\]/)}"` : inQuotes(text);
}

/** Each byte as its character or as `\xff`, with a backslash before characters that match `special`. */
function byBytes(bytes, special = /^$/) {
  const shown = (byte) => {
    if (byte < 32 || byte > 126) return `\\x${byte.toString(16).padStart(2, "0")}`;
    const character = String.fromCharCode(byte);
    return special.test(character) ? `\\${character}` : character;
  };
  return Array.from(bytes, shown).join("");
}

/**
 * A reply as redis-cli prints it: `(integer) 1`, `"text"`, `(nil)`, `1) "first"`.
 *
 * A reply is null, a number, text, bytes, a `Status`, or an array of replies.
 */
export function format(reply) {
  const lines = linesOf(reply);
  if (lines.length <= MOST_LINES) return lines.join("\n");
  return `${lines.slice(0, MOST_LINES).join("\n")}\n... and ${lines.length - MOST_LINES} lines more`;
}

function linesOf(reply) {
  if (reply === null || reply === undefined) return ["(nil)"];
  if (reply instanceof Status) return reply.lines;
  if (reply instanceof Error) return [errorText(reply)];
  if (typeof reply === "number" || typeof reply === "bigint") return [`(integer) ${reply}`];
  if (!Array.isArray(reply)) return [quoted(reply)];
  if (reply.length === 0) return ["(empty array)"];
  const width = String(reply.length).length;
  return reply.flatMap((item, index) => {
    const mark = `${String(index + 1).padStart(width)}) `;
    return linesOf(item).map((line, nth) => (nth === 0 ? mark : " ".repeat(mark.length)) + line);
  });
}

/** An error in one line, with its code if it has one. */
export function errorText(error) {
  // A sum beyond 2^53, which only JavaScript cannot represent as a number.
  if (error.text !== undefined) return `(integer) ${error.text}`;
  return `(error) ${error.code ? `${error.code}: ` : ""}${error.message}`;
}

/** Indents JSON objects and arrays, if only whitespace changes. */
export function indented(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const content = JSON.parse(text);
    // JavaScript rounds long numbers, reformats others, and keeps only one of two properties with the same name.
    const isSame = JSON.stringify(content) === text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
    return isSame ? JSON.stringify(content, null, 2) : text;
  } catch {
    return text;
  }
}
