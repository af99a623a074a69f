// Durations and deadlines in the forms users write, converted to the words of a command.

import { isDate, typeName, yes } from "./arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";

/**
 * A duration: seconds as a number (fractions are kept to the millisecond), or a number with a unit: `"500ms"`, `"30s"`,
 * `"1.5m"`, `"2h"`, `"1d"`.
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A moment: a Date, or milliseconds since 1970, as `Date.now()` gives. */
export type Moment = Date | number;

/** When a written value expires; at most one of these options. */
export type Expiry = Cancellable &
  Exclusive<{
    /** After this long; `0` or `null`: never, also against a `defaultTtl`. (`expire(key, 0)` removes the key.) */
    ttl: Duration | null;
    /** After this many milliseconds. `0` or `null`: never, even if there is a `defaultTtl`. */
    ttlMs: number | null;
    /** At this time. */
    expireAt: Moment;
    /** Keeps the deadline of the replaced value. */
    keepTtl: boolean;
  }>;

/** How to change a deadline; at most one of these options. */
export type NewExpiry = Cancellable &
  Exclusive<{
    /** After this duration. `0` or `null`: never. */
    ttl: Duration | null;
    /** After this many milliseconds. `0` or `null`: never. */
    ttlMs: number | null;
    /** At this time. */
    expireAt: Moment;
    /** Never. */
    persist: boolean;
  }>;

/** Options that exclude each other. */
export type Exclusive<O> = {
  [Name in keyof O]: { readonly [K in Name]?: O[K] | undefined } & {
    readonly [K in Exclude<keyof O, Name>]?: undefined;
  };
}[keyof O];

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** The names of the options above. */
export const EXPIRY = ["ttl", "ttlMs", "expireAt", "keepTtl"] as const;
export const NEW_EXPIRY = ["ttl", "ttlMs", "expireAt", "persist"] as const;

/** A duration in whole milliseconds; anything positive is at least one. */
export function milliseconds(op: string, name: string, value: unknown, unit = 1_000): number {
  let exact: number | undefined;
  if (typeof value === "number") exact = value * unit;
  const match = typeof value === "string" ? DURATION.exec(value) : null;
  if (match) exact = Number(match[1]) * (UNITS[match[2] as string] as number);
  if (exact === undefined) {
    const forms = unit === 1 ? "milliseconds" : 'seconds or a duration such as "5m"';
    const got = typeof value === "string" ? "other text" : typeName(value);
    throw invalidArgument(op, `(${name}) expects ${forms}, got ${got}`);
  }
  const rounded = Math.round(exact);
  if (!Number.isSafeInteger(rounded)) throw invalidArgument(op, `(${name}) expects a finite length of time`);
  return rounded === 0 ? Math.sign(exact) : rounded;
}

/** A time in whole milliseconds since 1970. */
export function moment(op: string, name: string, value: unknown): number {
  const time = isDate(value) ? value.getTime() : value;
  if (typeof time !== "number") {
    throw invalidArgument(op, `(${name}) expects a Date or milliseconds, got ${typeName(time)}`);
  }
  if (!Number.isSafeInteger(Math.round(time))) throw invalidArgument(op, `(${name}) expects a valid moment`);
  return Math.round(time);
}

/** The word for a deadline. */
export function deadline(op: string, value: unknown, name = "expireAt"): string {
  const time = moment(op, name, value);
  if (time <= 0) throw invalidArgument(op, `(${name}) expects a moment after 1970 began`);
  return String(time);
}

/** A non-negative duration in whole milliseconds. */
export function notNegative(op: string, name: string, value: unknown, unit?: number): number {
  const ms = milliseconds(op, name, value, unit);
  if (ms < 0) throw invalidArgument(op, `(${name}) expects no negative time`);
  return ms;
}

/** The words for a TTL; `null` and `0` mean never. */
function ttlWords(op: string, name: string, value: unknown, unit: number): string[] {
  const after = value === null ? 0 : notNegative(op, name, value, unit);
  return after === 0 ? ["PERSIST"] : ["PX", String(after)];
}

/** The words for the expiry options, which exclude each other. */
export function expiryWords(op: string, options: Readonly<Record<string, unknown>>): string[] {
  let words: string[] = [];
  let said = "";
  for (const name of ["ttl", "ttlMs", "expireAt", "keepTtl", "persist"]) {
    const value = options[name];
    if (value === undefined) continue;
    const next = wordsFor(op, name, value);
    if (next.length === 0) continue;
    if (said !== "") throw invalidArgument(op, `(options) takes only one of ${said} and ${name}`);
    said = name;
    words = next;
  }
  return words;
}

/** A number below is no moment that is meant in milliseconds (it would be before September 2001), but one in seconds. */
const LEAST_MOMENT = 1e12;

/** A moment, unless it is a number that can only be meant in another unit. */
function meant(op: string, value: unknown): unknown {
  if (typeof value === "number" && value > 0 && value < LEAST_MOMENT) {
    const unit = "milliseconds since 1970, got what looks like seconds or a duration";
    throw invalidArgument(op, `(expireAt) expects a Date or ${unit}: pass a Date, or use ttl`);
  }
  return value;
}

function wordsFor(op: string, name: string, value: unknown): string[] {
  switch (name) {
    case "ttl":
      return ttlWords(op, name, value, 1_000);
    case "ttlMs":
      return ttlWords(op, name, value, 1);
    case "expireAt":
      return ["PXAT", deadline(op, meant(op, value))];
    default:
      if (!yes(op, name, value)) return [];
      return [name === "persist" ? "PERSIST" : "KEEPTTL"];
  }
}
