// The serializer `structured`, a module of its own (`omnikv/structured`) so that only those pay for it who use it. It must
// not import the package's core: there would be two of it.

import { DevalueError, parse, stringify } from "devalue";
import type { Serializer } from "./values/serializer.js";

/**
 * Writes what JSON cannot: Date, Map, Set, BigInt, RegExp, URL, typed arrays, undefined, NaN, -0, the same object in two
 * places, and cycles. Functions, symbols and instances of classes are refused. The text is that of the library devalue; a
 * number alone is written as its own text, so that counters (`incr`) can be read, and numbers counted on.
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
    // Nothing is guessed: devalue's own texts of single numbers are codes, and other spellings are other numbers' texts.
    const number = Number(text);
    if (textOf(number) !== text) throw new Error();
    return number;
  },
};

const textOf = (number: number) => (Object.is(number, -0) ? "-0" : String(number));

/** What could not be written, and where. The keys of a Map are values: nothing is said of them. */
function refusal({ message, path, value, root }: DevalueError): string {
  const what = message
    .replace(/^Cannot stringify (.*?)( —.*)?$/, "$1")
    .replace("arbitrary non-POJOs", "an instance of a class")
    .replace("POJOs", "objects");
  const [place] = (path ?? "").split(".get(");
  return `it ${value === root ? "is" : "holds"} ${what}${place === "" ? "" : ` at ${place}`}`;
}
