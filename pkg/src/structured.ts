// The serializer `structured`, a separate module (`omnikv/structured`), so that only its users load it. It must not
// import the package's core, or there would be two copies of it.

import { DevalueError, parse, stringify } from "devalue";
import type { Serializer } from "./values/serializer.js";

/**
 * Writes what JSON cannot: Date, Map, Set, BigInt, RegExp, URL, typed arrays, undefined, NaN, -0, shared references and
 * cycles. Functions, symbols and class instances are rejected. The format is that of the library devalue, except that a
 * single number is written as plain text, so that counters (`incr`) can be read and numbers can be counted on.
 *
 * @example
 * import { structured } from "omnikv/structured";
 * const kv = await connect("memory:", { serializer: structured });
 * await kv.set("seen", new Map([["alice", new Date()]]));
 */
export const structured: Serializer = {
  name: "structured",
  stringify(value) {
    if (typeof value === "number") return textOf(value);
    try {
      return stringify(value);
    } catch (error) {
      if (!(error instanceof DevalueError)) throw error;
      throw Object.assign(new Error(), { refusal: refusal(error) });
    }
  },
  parse(text) {
    if (text.startsWith("[")) return parse(text);
    // Be strict: devalue's own texts of single numbers are codes, and other spellings may be another program's text.
    const number = Number(text);
    if (textOf(number) !== text) throw new Error();
    return number;
  },
};

const textOf = (number: number) => (Object.is(number, -0) ? "-0" : String(number));

/** What could not be written, and where. The keys of a Map are values, so they are not shown. */
function refusal({ message, path, value, root }: DevalueError): string {
  const what = message
    .replace(/^Cannot stringify (.*?)( —.*)?$/, "$1")
    .replace("arbitrary non-POJOs", "an instance of a class")
    .replace("POJOs", "objects");
  const [place] = (path ?? "").split(".get(");
  return `it ${value === root ? "is" : "holds"} ${what}${place === "" ? "" : ` at ${place}`}`;
}
