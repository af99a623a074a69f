// What users hand in, checked and turned into the words of a command. Nothing here knows one operation from another;
// what the store can check as well (ranges, limits, cursors) is left to it.

import { invalidArgument } from "../base/errors.js";
import { type Cancellable, signalOf } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";

/** What can be stored: text and bytes as they are, numbers and booleans as their text (`42`, `3.14`, `true`). */
export type Value = string | number | bigint | boolean | Uint8Array;

/** A 64-bit integer: a number while that is exact, a bigint beyond 2^53. */
export type Integer = number | bigint;

/** Pairs in any of three forms: an object, a Map, or a sequence of pairs. */
export type Pairs<W = Value> = Readonly<Record<string, W>> | Iterable<readonly [string, W]>;

/** Values one by one. One array is the values in it, so that arrays are only taken as values where there are more. */
export type Several<W> = [Extract<W, readonly unknown[]>] extends [never] ? W[] : [W, W, ...W[]];

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;
const SURROGATE = /\p{Surrogate}/u;

/** The type of a value, as a person would say it. The value itself never appears in a message. */
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

/** Refuses a wrong number of arguments. */
export function arity(op: string, got: number, min: number, max = min): void {
  if (got >= min && got <= max) return;
  let range = `${min}`;
  if (max === Number.POSITIVE_INFINITY) range = `at least ${min}`;
  else if (max > min) range = `${min} ${max - min > 1 ? "to" : "or"} ${max}`;
  throw invalidArgument(op, `expects ${range} argument${range.endsWith("1") ? "" : "s"}, got ${got}`);
}

/** Text without lone surrogates, which have no UTF-8: they would all turn into the same bytes. */
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

/** The name of an entry. */
export function key(op: string, name: string, value: unknown): string {
  if (text(op, name, value) === "") throw invalidArgument(op, `(${name}) expects a non-empty string`);
  return value as string;
}

/** What is stored, or compared with what is stored. */
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
      if (value instanceof Uint8Array) return value;
      throw expected(op, name, "a string, number, bigint, boolean or Uint8Array", value);
  }
}

/** A 64-bit integer. */
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

/** A decimal number; as text it keeps digits that a number cannot. */
export function decimal(op: string, name: string, value: unknown): string {
  if (typeof value === "string") return text(op, name, value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number") throw expected(op, name, "a number", value);
  if (!Number.isFinite(value)) throw expected(op, name, "a finite number", value);
  return String(value);
}

/** One of some words. */
export function word(op: string, name: string, value: unknown, words: readonly string[]): string {
  if (typeof value === "string" && words.includes(value)) return value;
  throw expected(op, name, words.map((each) => `"${each}"`).join(" or "), value);
}

/** A number that is not negative. */
export function size(op: string, name: string, value: unknown): number {
  const number = Number(integer(op, name, value));
  if (number < 0) throw invalidArgument(op, `(${name}) expects no negative number`);
  return number;
}

/** A function. */
export function callable<F>(op: string, name: string, value: unknown): F {
  if (typeof value === "function") return value as F;
  throw expected(op, name, "a function", value);
}

/** An object that is no array and no bytes. */
export function object(op: string, name: string, value: unknown): object {
  if (isOptions(value)) return value as object;
  throw expected(op, name, "an object", value);
}

/** Checks settings, each by its name: what is not given is not checked. */
export const checker =
  (op: string, given: Readonly<Record<string, unknown>>) =>
  <V>(name: string, check: (op: string, name: string, value: unknown) => V): V | undefined =>
    given[name] === undefined ? undefined : check(op, name, given[name]);

/** Whether an option that is true or false is true. */
export function yes(op: string, name: string, value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw expected(op, name, "true or false", value);
}

/** The options of an operation: what it knows, and the signal that all of them take. */
export function options<O>(
  op: string,
  value: unknown,
  known: readonly (keyof O & string)[],
): Partial<O> & Pick<Cancellable, "signal"> {
  const given = settings<O & Cancellable>(op, value, [...known, "signal"]);
  signalOf(op, given.signal);
  return given;
}

/** An object, nothing in it but what is known. */
export function settings<O>(op: string, value: unknown, known: readonly (keyof O & string)[]): Partial<O> {
  if (value === undefined) return {};
  for (const name of Object.keys(object(op, "options", value))) {
    if (!(known as readonly string[]).includes(name)) {
      throw invalidArgument(op, `(options) has no "${name}", but ${known.join(", ")}`);
    }
  }
  return value as Partial<O>;
}

/** Whether this is an object of options, and no value, array or key. */
export function isOptions(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** Takes the options off the end of variadic arguments, where they may stand. */
export function splitOptions(given: readonly unknown[]): [items: readonly unknown[], options: unknown] {
  const last = given[given.length - 1];
  return isOptions(last) ? [given.slice(0, -1), last] : [given, undefined];
}

/** Variadic arguments, one by one or as one array. */
export function items(given: readonly unknown[]): readonly unknown[] {
  return given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
}

/** Pairs from an object, a Map or a sequence of pairs, one after the other. */
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
