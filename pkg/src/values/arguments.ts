// Checks users' arguments and converts them to the words of a command. No knowledge of operations; what the store
// checks as well (ranges, limits, cursors) is left to it.

import { invalidArgument } from "../base/errors.js";
import { type Cancellable, signalOf } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";

/** What can be stored: text and bytes unchanged, numbers and booleans as their text (`42`, `3.14`, `true`). */
export type Value = string | number | bigint | boolean | Uint8Array;

/** A 64-bit integer: a number if it is exact, a bigint beyond 2^53. */
export type Integer = number | bigint;

/** Pairs in any of three forms: an object, a Map, or a sequence of pairs. */
export type Pairs<W = Value> = Readonly<Record<string, W>> | Iterable<readonly [string, W]>;

/**
 * Values as separate arguments. A single array means the values in it, so arrays can only be values if there are two or
 * more.
 */
export type Several<W> = [Extract<W, readonly unknown[]>] extends [never] ? W[] : [W, W, ...W[]];

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;
const SURROGATE = /\p{Surrogate}/u;

const typeOf = (value: unknown): string => Object.prototype.toString.call(value);

/** Bytes, even of another realm, such as a Buffer in Jest's environments. */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && typeOf(value) === "[object Uint8Array]";

/** A Date, even of another realm. */
export const isDate = (value: unknown): value is Date => typeOf(value) === "[object Date]";

/** The type of a value, in plain words. The value itself never appears in a message. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "object") return value.constructor?.name ?? "object";
  return typeof value;
}

function expected(op: string, name: string, what: string, value: unknown): Error {
  return invalidArgument(op, `(${name}) expects ${what}, got ${typeName(value)}`);
}

/** Rejects a wrong number of arguments. */
export function arity(op: string, got: number, min: number, max = min): void {
  if (got >= min && got <= max) return;
  let range = `${min}`;
  if (max === Number.POSITIVE_INFINITY) range = `at least ${min}`;
  else if (max > min) range = `${min} ${max - min > 1 ? "to" : "or"} ${max}`;
  throw invalidArgument(op, `expects ${range} argument${range.endsWith("1") ? "" : "s"}, got ${got}`);
}

/** Checks text. Lone surrogates are rejected: they have no UTF-8 and would all become the same bytes. */
export function text(op: string, name: string, value: unknown): string {
  if (typeof value !== "string") throw expected(op, name, "a string", value);
  if (!isWellFormed(value))
    throw invalidArgument(op, `(${name}) expects well-formed text, got a lone surrogate`);
  return value;
}

const isWellFormed: (value: string) => boolean =
  "isWellFormed" in String.prototype
    ? (value) => (value as string & { isWellFormed(): boolean }).isWellFormed()
    : (value) => !SURROGATE.test(value);

/** Checks a key. */
export function key(op: string, name: string, value: unknown): string {
  if (text(op, name, value) === "") throw invalidArgument(op, `(${name}) expects a non-empty string`);
  return value as string;
}

/** The prefix of every key. */
export const namespace = (prefix: string): string =>
  prefix === "" || prefix.endsWith(":") ? prefix : `${prefix}:`;

/** Checks a value that is stored, or compared with a stored one. */
export function value(op: string, name: string, value: unknown): Argument {
  switch (typeof value) {
    case "string":
      return text(op, name, value);
    case "number":
      if (!Number.isFinite(value)) throw expected(op, name, "a finite number", value);
      return String(value);
    case "bigint":
    case "boolean":
      return String(value);
    default:
      if (isBytes(value)) return value;
      throw expected(op, name, "a string, number, bigint, boolean or Uint8Array", value);
  }
}

/** Checks a 64-bit integer. */
export function integer(op: string, name: string, value: unknown): string {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return String(value);
    if (Number.isInteger(value))
      throw invalidArgument(op, `(${name}) expects a bigint beyond 2^53, got number`);
    throw invalidArgument(
      op,
      `(${name}) expects an integer, got ${Number.isFinite(value) ? "a fraction" : String(value)}`,
    );
  }
  if (typeof value !== "bigint") throw expected(op, name, "an integer", value);
  if (value < MIN_INTEGER || value > MAX_INTEGER) {
    throw invalidArgument(op, `(${name}) expects an integer of 64 bits`);
  }
  return String(value);
}

/** Checks a decimal number; as text it may have more digits than a number. */
export function decimal(op: string, name: string, value: unknown): string {
  if (typeof value === "string") return text(op, name, value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number") throw expected(op, name, "a number", value);
  if (!Number.isFinite(value)) throw expected(op, name, "a finite number", value);
  return String(value);
}

/** Checks a score: any number but NaN. */
export function score(op: string, name: string, value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number" || Number.isNaN(value)) throw expected(op, name, "a number", value);
  return String(value);
}

/** Checks a bound of a range of scores; the store reads the text. */
export function scoreBound(op: string, name: string, value: unknown): string {
  return typeof value === "string" ? text(op, name, value) : score(op, name, value);
}

/** Checks that the argument is one of these words. */
export function word(op: string, name: string, value: unknown, words: readonly string[]): string {
  if (typeof value === "string" && words.includes(value)) return value;
  throw expected(op, name, words.map((each) => `"${each}"`).join(" or "), value);
}

/** Checks a non-negative number. */
export function size(op: string, name: string, value: unknown): number {
  const number = Number(integer(op, name, value));
  if (number < 0) throw invalidArgument(op, `(${name}) expects a number that is not negative`);
  return number;
}

/** Checks a function. */
export function callable<F>(op: string, name: string, value: unknown): F {
  if (typeof value === "function") return value as F;
  throw expected(op, name, "a function", value);
}

/** Checks an object that is neither an array nor bytes. */
export function object(op: string, name: string, value: unknown): object {
  if (isOptions(value)) return value as object;
  throw expected(op, name, "an object", value);
}

/** Checks settings by name; those that are not given are skipped. */
export const checker =
  (op: string, given: Readonly<Record<string, unknown>>) =>
  <V>(name: string, check: (op: string, name: string, value: unknown) => V): V | undefined =>
    given[name] === undefined ? undefined : check(op, name, given[name]);

/** Checks a boolean option. */
export function yes(op: string, name: string, value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw expected(op, name, "true or false", value);
}

/** Checks the options of an operation: those it knows, and the signal that all operations accept. */
export function options<O>(
  op: string,
  value: unknown,
  known: readonly (keyof O & string)[],
): Partial<O> & Pick<Cancellable, "signal"> {
  const given = settings<O & Cancellable>(op, value, [...known, "signal"]);
  signalOf(op, given.signal);
  return given;
}

/** Checks an object with only these properties. */
export function settings<O>(op: string, value: unknown, known: readonly (keyof O & string)[]): Partial<O> {
  if (value === undefined) return {};
  for (const name of Object.keys(object(op, "options", value))) {
    if (!(known as readonly string[]).includes(name)) {
      throw invalidArgument(op, `(options) has no "${name}", but ${known.join(", ")}`);
    }
  }
  return value as Partial<O>;
}

/** Whether this is an object of options, and not a value, array or key. */
export function isOptions(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

/** Splits off the options at the end of variadic arguments, if any. */
export function splitOptions(given: readonly unknown[]): [items: readonly unknown[], options: unknown] {
  const last = given[given.length - 1];
  return isOptions(last) ? [given.slice(0, -1), last] : [given, undefined];
}

/** Variadic arguments, either separately or as one array. */
export function items(given: readonly unknown[]): readonly unknown[] {
  return given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
}

/** Flattens pairs from an object, a Map or a sequence of pairs. */
export function pairs(
  op: string,
  name: "key" | "field",
  given: unknown,
  first: (op: string, name: string, value: unknown) => Argument,
  second: (op: string, name: string, value: unknown) => Argument,
): Argument[] {
  if (!isOptions(given) && !Array.isArray(given)) {
    throw expected(op, `${name}s`, "an object, a Map or pairs", given);
  }
  const entries =
    Symbol.iterator in (given as object) ? (given as Iterable<unknown>) : Object.entries(given as object);
  const words: Argument[] = [];
  for (const pair of entries) {
    if (!Array.isArray(pair) || pair.length !== 2) throw expected(op, `${name}s`, "pairs of two", pair);
    words.push(first(op, name, pair[0]), second(op, "value", pair[1]));
  }
  return words;
}

/**
 * The glob that matches this text and nothing else, for `keys`, `scan` and their kin: `${escapeGlob(prefix)}*` is all that begins
 * with a prefix.
 */
export function escapeGlob(literal: string): string {
  return text("escapeGlob", "text", literal).replace(/[*?[\\]/g, "\\$&");
}
