// The serializer `json`. What JSON would lose without a word is refused: what is read is what was written.

import type { Serializer } from "./serializer.js";

/** JSON, as `JSON.stringify` writes it. */
export const json: Serializer = {
  name: "json",
  stringify(value) {
    const found = loss(value, []);
    if (found !== undefined) throw new Error(`it ${found === top(value) ? "is" : "holds"} ${found}`);
    try {
      return JSON.stringify(value);
    } catch {
      // A `toJSON` or a getter of the user's threw; what it says may quote the value.
      throw new Error("its toJSON failed");
    }
  },
  parse: JSON.parse,
};

const HINT = ", which the structured serializer takes";

/** What JSON has no words for, and would leave out or write as something else. */
function top(value: unknown): string | undefined {
  switch (typeof value) {
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    case "undefined":
      return "undefined";
    case "bigint":
      return `a bigint${HINT}`;
    case "number":
      return Number.isFinite(value) ? undefined : `${value}${HINT}`;
    case "object":
      return value === null ? undefined : kind(value);
    default:
      return undefined;
  }
}

/** An object that JSON would write as `{}` or as an object of indexes. */
function kind(value: object): string | undefined {
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return undefined;
  if (value instanceof Map) return `a Map${HINT}`;
  if (value instanceof Set) return `a Set${HINT}`;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `bytes${HINT}`;
  if (value instanceof Promise) return "a promise";
  if (value instanceof RegExp) return `a RegExp${HINT}`;
  if (value instanceof Error) return "an Error";
  return undefined;
}

/** The first such thing in a value. A property that is undefined is no loss: reading it gives undefined again. */
function loss(value: unknown, above: unknown[]): string | undefined {
  const found = top(value);
  if (found !== undefined || typeof value !== "object" || value === null) return found;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return undefined;
  if (above.includes(value)) return `a cycle${HINT}`;
  above.push(value);
  const lost = Array.isArray(value) ? lossIn(value, above) : lossOf(value as Record<string, unknown>, above);
  above.pop();
  return lost;
}

/** A hole comes as undefined too. */
function lossIn(items: readonly unknown[], above: unknown[]): string | undefined {
  for (const item of items) {
    if (typeof item === "string") continue;
    const lost = loss(item, above);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

function lossOf(object: Readonly<Record<string, unknown>>, above: unknown[]): string | undefined {
  for (const name in object) {
    const item = object[name];
    if (typeof item === "string" || item === undefined || !Object.hasOwn(object, name)) continue;
    const lost = loss(item, above);
    if (lost !== undefined) return lost;
  }
  return undefined;
}
