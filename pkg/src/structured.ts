// The serializer `structured`, a module of its own (`omnikv/structured`) so that only those pay for it who use it. It must
// not import the package's core: there would be two of it.

import { parse, stringify } from "devalue";
import type { Serializer } from "./serializer.js";

/**
 * Writes what JSON cannot: Date, Map, Set, BigInt, RegExp, URL, typed arrays, undefined, NaN, -0, the same object in two
 * places, and cycles. Functions, symbols and instances of classes are refused. The text is that of the library devalue.
 *
 * @example
 * import { structured } from "omnikv/structured";
 * const kv = await connect("memory:", { serializer: structured });
 * await kv.set("seen", new Map([["alice", new Date()]]));
 */
export const structured: Serializer = {
  name: "structured",
  stringify: (value) => stringify(value),
  parse: (text) => parse(text),
};
