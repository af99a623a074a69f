// Splits a line of input into words like redis-cli: quotes, escapes, bytes. No knowledge of commands.

import { escaped, inQuotes } from "./escapes.js";

const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The words of a line, each with its start, and whether a quote is unclosed or a closing quote is not followed by a
 * space.
 *
 * @returns {{ words: { start: number, value: string | Uint8Array }[], open: boolean, glued: boolean }}
 */
export function scan(line) {
  const words = [];
  let at = 0;
  let open = false;
  let glued = false;
  while (at < line.length) {
    if (/\s/.test(line[at])) {
      at += 1;
      continue;
    }
    const start = at;
    const parts = [];
    while (at < line.length && !/\s/.test(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        parts.push(line[at++]);
        continue;
      }
      at = quote === '"' ? double(line, at + 1, parts) : single(line, at + 1, parts);
      open = line[at] !== quote;
      at += 1;
      if (at < line.length && !/\s/.test(line[at])) glued = true;
    }
    words.push({ start, value: joined(parts) });
  }
  return { words, open, glued };
}

/** The words of a line. Throws if a quote is unclosed. */
export function split(line) {
  const { words, open, glued } = scan(line);
  if (open || glued) throw new Error(open ? "a quote is not closed" : "a space must follow a closing quote");
  return words.map(({ value }) => value);
}

/** A word as it must be typed: quoted if necessary. */
export function typed(word) {
  return /^[^\s"'\\]+$/.test(word) && escaped(word) === word ? word : inQuotes(word);
}

function double(line, from, parts) {
  let at = from;
  for (; at < line.length && line[at] !== '"'; at += 1) {
    if (line[at] !== "\\" || at + 1 === line.length) {
      parts.push(line[at]);
      continue;
    }
    const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at, at + 4));
    if (hex) {
      parts.push(Number.parseInt(hex[1], 16));
      at += 3;
    } else {
      at += 1;
      parts.push(ESCAPES[line[at]] ?? line[at]);
    }
  }
  return at;
}

function single(line, from, parts) {
  let at = from;
  for (; at < line.length && line[at] !== "'"; at += 1) {
    if (line.startsWith("\\'", at)) at += 1;
    parts.push(line[at]);
  }
  return at;
}

/** Text, or bytes if `\x` escapes produced something that is not UTF-8. */
function joined(parts) {
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  const bytes = [];
  let text = "";
  for (const part of [...parts, 0]) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    bytes.push(...encoder.encode(text), part);
    text = "";
  }
  const all = Uint8Array.from(bytes.slice(0, -1));
  try {
    return strict.decode(all);
  } catch {
    return all;
  }
}
