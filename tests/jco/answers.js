// Converts the component's answers to those in the conformance cases, from single calls or from a batch. No knowledge
// of operations.

import { KvError } from "./arguments.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new KvError("invalid-value", "is not UTF-8");
  }
}

/** A value: text, or bytes if requested. */
export function read(reply, options = {}) {
  if (reply === undefined) return null;
  if (reply instanceof Uint8Array) return options.as === "bytes" ? reply : asText(reply);
  return Array.isArray(reply) ? reply.map((item) => read(item, options)) : reply;
}

export const bytes = (reply) => read(reply, { as: "bytes" });

/** A number if it is exact, or a list of numbers. */
export function number(reply) {
  if (reply === undefined) return null;
  if (typeof reply !== "bigint") return Array.from(reply, number);
  return Number.isSafeInteger(Number(reply)) ? Number(reply) : reply;
}

export const float = (reply) => Number(read(reply));
export const flag = (reply) => reply === true || reply === 1n;
export const flags = (reply) => Array.from(reply, (item) => item === true || item === 1 || item === 1n);
export const done = () => "OK";
export const type = (reply) => read(reply) ?? "none";

/** The result of `set`: whether it was written, or the old value. */
export const written = (reply, options) => {
  if (options.get) return read(reply, options);
  return reply === true ? "OK" : null;
};

/** Pairs: a list of pairs, or flat in a batch. */
export function pairs(reply, options) {
  const isFlat = reply.length > 0 && !Array.isArray(reply[0]);
  const list = isFlat ? reply.flatMap((item, index) => (index % 2 ? [] : [[item, reply[index + 1]]])) : reply;
  return list.map(([name, item]) => [read(name), read(item, options)]);
}

/** A key and some of its values: a pair, or flat in a batch. */
export function keyed(reply, options) {
  if (reply === undefined) return null;
  const [key, ...items] = reply;
  return [read(key), read(Array.isArray(items[0]) ? items[0] : items, options)];
}

export const object = (reply, options) => Object.fromEntries(pairs(reply, options));

export const page = (name) => (reply, options) => ({
  cursor: reply.cursor,
  [name]: read(reply[name], options),
});

/** Statistics and capabilities: convert their numbers. */
export const facts = (reply) =>
  Object.fromEntries(
    Object.entries(reply).map(([name, item]) => {
      if (name === "server") return [name, Object.fromEntries(item)];
      return [name, typeof item === "bigint" || item === undefined ? number(item) : item];
    }),
  );
