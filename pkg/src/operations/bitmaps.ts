// Bitmaps: strings read as bits.

import { invalidArgument } from "../base/errors.js";
import { arity, type Integer, integer, key, text, typeName, word } from "../values/arguments.js";
import type { Int, Mode, Ret } from "../values/mode.js";
import { count, numbersOrNull } from "../wire/replies.js";
import type { Argument } from "../wire/wire.js";
import { type Check, irregular, type Operation, operation, run, variadic } from "./operation.js";

/** What the positions of a range count. */
export type BitUnit = "byte" | "bit";

/**
 * How values are combined bit by bit. `"and"`, `"or"` and `"xor"` take any number of them, `"not"` one. `"diff"` keeps the bits
 * that only the first value has, `"diff1"` those that the others have and the first does not, `"andor"` those that the first
 * has and any of the others, `"one"` those that exactly one value has.
 */
export type BitOperation = "and" | "or" | "xor" | "not" | "diff" | "diff1" | "andor" | "one";

/** The type of an integer within a value: `"i1"` to `"i64"` with a sign, `"u1"` to `"u63"` without. */
export type BitFieldType = `i${number}` | `u${number}`;

/** Where an integer is: the offset of its first bit, or `"#2"` for the third integer of that size. */
export type BitFieldOffset = Integer | `#${number}`;

/**
 * A part of `bitfield`. `get` reads an integer. `set` writes one and gives the previous one. `incrby` adds to one and gives
 * the sum. `overflow` says what the operations behind it do with integers that do not fit: `"wrap"` (at first) keeps the
 * lowest bits, `"sat"` takes the nearest that fits, `"fail"` writes nothing and gives `null`.
 */
export type BitFieldOperation =
  | readonly ["get", type: BitFieldType, offset: BitFieldOffset]
  | readonly ["set", type: BitFieldType, offset: BitFieldOffset, value: Integer]
  | readonly ["incrby", type: BitFieldType, offset: BitFieldOffset, by: Integer]
  | readonly ["overflow", overflow: "wrap" | "sat" | "fail"];

/**
 * Bitmaps: strings read as bits, the most significant bit of each byte first. They are strings: `get`, `set` and TTLs work on
 * them; read them as bytes. A missing key counts as an empty value. All fail with `wrong-type` on a key of another type.
 */
export interface Bitmaps<M extends Mode> {
  /**
   * The bit at an offset of a value, the most significant bit of each byte first; 0 behind its end. O(1).
   *
   * Errors: `invalid-argument` for an offset past 2^32 - 1.
   *
   * @see https://redis.io/docs/latest/commands/getbit/
   */
  getbit(key: string, offset: Integer): Ret<M, number>;

  /**
   * Sets the bit at an offset to 0 or 1, padding a shorter value with zero bytes, and keeps the TTL. Returns the previous
   * bit. O(1), or O(bytes added).
   *
   * Errors: `invalid-argument` for a bit other than 0 and 1 or an offset past 2^32 - 1; `too-large` when the value would be
   * longer than 128 MiB.
   *
   * @see https://redis.io/docs/latest/commands/setbit/
   */
  setbit(key: string, offset: Integer, bit: Integer): Ret<M, number>;

  /**
   * Returns the number of bits that are 1, in the whole value or in a part of it. The part is from `start` to `end`,
   * inclusive, in bytes or bits; negative positions count from the end. O(bytes counted).
   *
   * @see https://redis.io/docs/latest/commands/bitcount/
   */
  bitcount(key: string): Ret<M, number>;
  bitcount(key: string, start: Integer, end: Integer, unit?: BitUnit): Ret<M, number>;

  /**
   * Returns the offset of the first bit that is 0 or 1, in the whole value or in a part of it; -1 if there is none. Without
   * `end`, the value counts as followed by zeros, so a 0 is always found unless `start` is behind the value.
   * O(bytes searched).
   *
   * Errors: `invalid-argument` for a bit other than 0 and 1.
   *
   * @see https://redis.io/docs/latest/commands/bitpos/
   */
  bitpos(key: string, bit: Integer, start?: Integer): Ret<M, number>;
  bitpos(key: string, bit: Integer, start: Integer, end: Integer, unit?: BitUnit): Ret<M, number>;

  /**
   * Stores the combination of values bit by bit at the key `to`, replacing any value there; an empty one deletes the key.
   * Returns its length in bytes. O(bytes of all values).
   *
   * Errors: `invalid-argument` for no keys, for more than one with `"not"`, and for less than two with `"diff"`, `"diff1"`
   * and `"andor"`. A Redis server has these three and `"one"` since version 8.2; an older one is `unsupported`.
   *
   * @see https://redis.io/docs/latest/commands/bitop/
   */
  bitop(operation: BitOperation, to: string, ...keys: string[]): Ret<M, number>;
  bitop(operation: BitOperation, to: string, keys: readonly string[]): Ret<M, number>;

  /**
   * Reads, writes and adds to integers of any size within a value, in order and as a whole, and keeps the TTL. Pads a
   * shorter value with zero bytes if it writes. Returns a result for each operation but `overflow`: `null` where an integer
   * did not fit and `"fail"` was asked for. `[["overflow", "sat"], ["incrby", "u8", "#0", 10], ["get", "u8", "#1"]]`.
   * O(1) each, and O(bytes added).
   *
   * Errors: `invalid-argument` for an offset past 2^32 - 1 or an impossible size; `too-large` when the value would be longer
   * than 128 MiB.
   *
   * @see https://redis.io/docs/latest/commands/bitfield/
   */
  bitfield(key: string, operations: readonly BitFieldOperation[]): Ret<M, (Int<M> | null)[]>;
}

const OPERATIONS = ["and", "or", "xor", "not", "diff", "diff1", "andor", "one"];
const UNITS = ["byte", "bit"];
const OVERFLOWS = ["wrap", "sat", "fail"];

const operator: Check = (op, name, given) => word(op, name, given, OPERATIONS).toUpperCase();

/** The words of a range's parts, as far as they are given. */
function range(op: string, [start, end, unit]: readonly unknown[]): string[] {
  const words: string[] = [];
  if (start === undefined) return words;
  words.push(integer(op, "start", start));
  if (end !== undefined) words.push(integer(op, "end", end));
  if (unit !== undefined) words.push(word(op, "unit", unit, UNITS).toUpperCase());
  return words;
}

/** The words of an operation of `bitfield`. */
function wordsOf(op: string, given: unknown): Argument[] {
  if (!Array.isArray(given)) throw invalidArgument(op, `(operations) expects arrays, got ${typeName(given)}`);
  const [name, ...rest] = given as unknown[];
  const kind = word(op, "operation", name, ["get", "set", "incrby", "overflow"]);
  const least = { get: 2, overflow: 1 }[kind] ?? 3;
  if (rest.length !== least) {
    throw invalidArgument(op, `(operations) expects ${least} arguments of ${kind}, got ${rest.length}`);
  }
  if (kind === "overflow") return ["OVERFLOW", word(op, "overflow", rest[0], OVERFLOWS).toUpperCase()];
  const [type, offset, number] = rest;
  const place = typeof offset === "string" ? offset : integer(op, "offset", offset);
  const words = [kind.toUpperCase(), text(op, "type", type), place];
  if (kind !== "get") words.push(integer(op, kind === "set" ? "value" : "by", number));
  return words;
}

/** @internal How each of them is done. */
export const bitmaps = {
  getbit: operation({ key, offset: integer }, count),
  setbit: operation({ key, offset: integer, bit: integer }, count),
  bitcount: irregular(
    1,
    4,
    (op, [name, ...rest]) => ["BITCOUNT", key(op, "key", name), ...range(op, rest)],
    count,
  ),
  bitpos: irregular(
    2,
    5,
    (op, [name, bit, ...rest]) => [
      "BITPOS",
      key(op, "key", name),
      integer(op, "bit", bit),
      ...range(op, rest),
    ],
    count,
  ),
  bitop: variadic({ operation: operator, to: key }, "key", key, count),
  bitfield: (op) =>
    function (name, operations) {
      arity(op, arguments.length, 2);
      if (!Array.isArray(operations)) {
        throw invalidArgument(op, `(operations) expects an array, got ${typeName(operations)}`);
      }
      const words = operations.flatMap((each) => wordsOf(op, each));
      const { codec } = this;
      const numbers = numbersOrNull((number) => codec.integer(op, number));
      return run(this, op, ["BITFIELD", key(op, "key", name), ...words], numbers, undefined);
    },
} satisfies Record<keyof Bitmaps<Mode>, Operation>;
