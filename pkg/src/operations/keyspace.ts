// Keys of every type: finding, removing, renaming them, and when they expire.

import { arity, type Integer, integer, isDate, key, options, text, word, yes } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import { type Duration, type Exclusive, milliseconds, moment } from "../values/expiry.js";
import type { Mode, Out, Ret } from "../values/mode.js";
import { text as asText, count, flag, type KeyPage, keyColumn, ok } from "../wire/replies.js";
import type { Cancellable } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import {
  type Check,
  irregular,
  named,
  type Operation,
  operation,
  variadic,
  type Words,
} from "./operation.js";

/** The type of the value that a key holds. */
export type ValueType = "string" | "list" | "hash" | "set" | "zset";

/** Under which condition a deadline is set: at most one of these, or `xx` with `lt`. */
export type ExpireCondition = Cancellable &
  (
    | Exclusive<{
        /** Only if the key has no deadline. */
        nx: boolean;
        /** Only if the key has a deadline. */
        xx: boolean;
        /** Only if the new deadline is later; no deadline counts as the latest. */
        gt: boolean;
        /** Only if the new deadline is earlier; no deadline counts as the latest. */
        lt: boolean;
      }>
    | { readonly xx: true; readonly lt: true; readonly nx?: undefined; readonly gt?: undefined }
  );

/** What to look for, and how much of it at a time. */
export interface ScanOptions extends Cancellable {
  /** A glob that the key must match. Default: every key. */
  readonly match?: string | undefined;
  /** About how many keys to look at in one call: a hint, 10 when left out. */
  readonly count?: number | undefined;
  /** The type that the key must hold. Default: any. */
  readonly type?: ValueType | undefined;
}

/** Options for `range`. */
export interface RangeOptions extends Cancellable {
  /** Only what comes behind this key on the way: the last key of a page leads to the next one, also when it is gone by then. */
  readonly after?: string | undefined;
  /** The most entries to return. Default: all. */
  readonly limit?: number | undefined;
  /** Whether to go from the end of the range to its start. */
  readonly reverse?: boolean | undefined;
}

/** Read keys, and no values. */
export interface KeysOnly {
  /** `false`: the keys alone. */
  readonly values: false;
}

/** Operations on keys, whatever they hold. */
export interface Keyspace<M extends Mode> {
  /**
   * Deletes keys of any type and returns how many existed. O(1) for each key, and for each element it holds.
   *
   * @see https://redis.io/docs/latest/commands/del/
   */
  del(...keys: string[]): Ret<M, number>;
  del(keys: readonly string[]): Ret<M, number>;

  /**
   * Returns whether a key exists. O(1).
   *
   * @see https://redis.io/docs/latest/commands/exists/
   */
  exists(key: string): Ret<M, boolean>;

  /**
   * Returns all keys that match a glob, in no particular order. `*` matches any text, `?` one character, `[abc]` and
   * `[a-z]` one of these, `[^a]` any other; `\` takes the next character literally. O(keys of the store): for large
   * stores use `scanIterator` or `range`.
   *
   * Keys that are not UTF-8, which only another program can have written, are left out here and in scans; `{ as: "bytes" }`
   * gives them too.
   *
   * @see https://redis.io/docs/latest/commands/keys/
   */
  keys(pattern: string, options?: Own): Ret<M, string[]>;
  keys<F extends RawForm>(pattern: string, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns one page of keys. Start with cursor `"0"`, continue with the cursor of each page, and stop when it is `"0"`
   * again; `scanIterator` does this for you. A key that exists throughout is returned at least once; a key that is
   * added or removed meanwhile may be. `count` bounds the work of a call.
   *
   * Errors: `invalid-argument` for a cursor that no page returned.
   *
   * @see https://redis.io/docs/latest/commands/scan/
   */
  scan(cursor: string, options?: ScanOptions & Own): Ret<M, KeyPage>;
  scan<F extends RawForm>(cursor: string, options: ScanOptions & As<F>): Ret<M, KeyPage<Raw<F>>>;

  /**
   * Returns the type of the value at a key; `"none"` when the key does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/type/
   */
  type(key: string): Ret<M, ValueType | "none">;

  /**
   * Renames a key, with its value and TTL, replacing any value at the new name. O(1).
   *
   * Errors: `not-found` when the key does not exist.
   *
   * @see https://redis.io/docs/latest/commands/rename/
   */
  rename(key: string, to: string): Ret<M, "OK">;

  /**
   * Like `rename`, but only if the new name is free. Returns whether the key was renamed. O(1).
   *
   * Errors: `not-found` when the key does not exist.
   *
   * @see https://redis.io/docs/latest/commands/renamenx/
   */
  renamenx(key: string, to: string): Ret<M, boolean>;

  /**
   * Copies a key's value and TTL to another key; `replace` overwrites that key. Returns false if the key does not
   * exist, or if the target exists and `replace` is not set. O(size of the value).
   *
   * Errors: `invalid-argument` if both keys are the same.
   *
   * @see https://redis.io/docs/latest/commands/copy/
   */
  copy(
    key: string,
    to: string,
    options?: Cancellable & { readonly replace?: boolean | undefined },
  ): Ret<M, boolean>;

  /**
   * Returns how many of the keys exist, counting repeated keys again, and marks them as used. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/touch/
   */
  touch(...keys: string[]): Ret<M, number>;
  touch(keys: readonly string[]): Ret<M, number>;

  /**
   * Returns a random key, or `null` if there are none.
   *
   * @see https://redis.io/docs/latest/commands/randomkey/
   */
  randomkey(): Ret<M, string | null>;

  /**
   * Sets a key's TTL in seconds; zero or less deletes the key. Fractions and durations such as `"5m"` work too. Returns
   * false if the key does not exist or the condition does not hold. O(1).
   *
   * `set(key, value, { ttl: 0 })` is something else: there 0 means never.
   *
   * @see https://redis.io/docs/latest/commands/expire/
   */
  expire(key: string, seconds: Duration | bigint, options?: ExpireCondition): Ret<M, boolean>;

  /**
   * Sets a key's TTL in milliseconds; otherwise like `expire`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpire/
   */
  pexpire(key: string, ms: Integer, options?: ExpireCondition): Ret<M, boolean>;

  /**
   * Sets when a key expires, in seconds since 1970; a moment in the past deletes the key. A `Date` works too. Returns
   * the same as `expire`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/expireat/
   */
  expireat(key: string, when: Date | Integer, options?: ExpireCondition): Ret<M, boolean>;

  /**
   * Sets when a key expires, in milliseconds since 1970; a moment in the past deletes the key. A `Date` works too.
   * Returns the same as `expire`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpireat/
   */
  pexpireat(key: string, when: Date | Integer, options?: ExpireCondition): Ret<M, boolean>;

  /**
   * Returns when a key expires, in seconds since 1970; -1 if never, -2 if the key does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/expiretime/
   */
  expiretime(key: string): Ret<M, number>;

  /**
   * Returns when a key expires, in milliseconds since 1970; -1 if never, -2 if the key does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpiretime/
   */
  pexpiretime(key: string): Ret<M, number>;

  /**
   * Returns a key's TTL in seconds, rounded to the nearest; -1 if it never expires, -2 if it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/ttl/
   */
  ttl(key: string): Ret<M, number>;

  /**
   * Returns a key's TTL in milliseconds; -1 if it never expires, -2 if it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pttl/
   */
  pttl(key: string): Ret<M, number>;

  /**
   * Removes a key's TTL. Returns whether it had one. O(1).
   *
   * @see https://redis.io/docs/latest/commands/persist/
   */
  persist(key: string): Ret<M, boolean>;

  /**
   * Returns the keys from `start` up to but not including `end`, in the order of their UTF-8 bytes, each with its
   * value; the value of a list, hash or set is `null`. Without `end`, returns every key that starts with `start`; `""`
   * means all keys. O(log n), and O(1) for each entry returned; a store's first ordered operation sorts its keys once.
   */
  range<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    options?: RangeOptions & Own,
  ): Ret<M, [string, V | null][]>;
  /** The same, with values as bytes. */
  range<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    options: RangeOptions & As<F>,
  ): Ret<M, [string, Raw<F> | null][]>;
  /** The same keys alone: no value is read. */
  range(start: string, end: string | null | undefined, given: RangeOptions & KeysOnly): Ret<M, string[]>;

  /**
   * Counts the keys from `start` up to but not including `end`; without `end`, the keys that start with `start`.
   * Without arguments, counts all keys. O(log n) and O(1) for each key counted.
   */
  count(prefix?: string): Ret<M, number>;
  count(start: string, end: string): Ret<M, number>;

  /**
   * Deletes the keys from `start` up to but not including `end`; without `end`, the keys that start with `start`.
   * Returns how many there were. O(log n) and O(1) for each key removed.
   */
  deleteRange(start: string, end?: string | null): Ret<M, number>;

  /**
   * Deletes every key under the handle's prefix; without a prefix, every key of the store. A store on a server asks for
   * `{ all: true }` before it is emptied whole: others may have keys there. It is taken by every store, so that who
   * means everything can always say so. O(keys).
   *
   * @see https://redis.io/docs/latest/commands/flushdb/
   */
  flush(options?: Cancellable & { readonly all?: boolean | undefined }): Ret<M, "OK">;
}

const CONDITION = named({ nx: yes, xx: yes, gt: yes, lt: yes });

const type: Check = (op, name, given) => word(op, name, given, ["string", "list", "hash", "set", "zset"]);

const dateOrInteger = (op: string, name: string, given: unknown): string =>
  isDate(given) ? String(moment(op, name, given)) : integer(op, name, given);

/** Says nothing by itself. */
const isSaid: Check = (op, name, given) => yes(op, name, given) && false;

const RANGE = named({ after: text, limit: integer, reverse: yes, values: isSaid });

/** The words for a range of keys; without an end, for those that begin with its start. */
const between =
  (word: string) =>
  (op: string, [start = "", end]: readonly unknown[]): Argument[] => {
    const from = [word, text(op, "start", start)];
    return end === undefined || end === null ? from : [...from, "END", text(op, "end", end)];
  };

/** @internal How each of them is done. */
export const keyspace = {
  del: variadic({}, "key", key, count),
  exists: operation({ key }, flag),
  keys: operation({ pattern: text }, "keys"),
  scan: operation({ cursor: text }, "keyPage", named({ match: text, count: integer, type })),
  type: operation({ key }, asText.value),
  rename: operation({ key, to: key }, ok),
  renamenx: operation({ key, to: key }, flag),
  copy: operation({ key, to: key }, flag, named({ replace: yes })),
  touch: variadic({}, "key", key, count),
  randomkey: operation({}, asText.valueOrNull),
  expire: irregular(
    2,
    3,
    (op, [name, seconds]) => {
      const named = key(op, "key", name);
      if (typeof seconds === "bigint" || Number.isInteger(seconds)) {
        return ["EXPIRE", named, integer(op, "seconds", seconds)];
      }
      return ["PEXPIRE", named, String(milliseconds(op, "seconds", seconds))];
    },
    flag,
    CONDITION,
  ),
  pexpire: operation({ key, ms: integer }, flag, CONDITION),
  expireat: irregular(
    2,
    3,
    (op, [name, when]) => [
      isDate(when) ? "PEXPIREAT" : "EXPIREAT",
      key(op, "key", name),
      dateOrInteger(op, "when", when),
    ],
    flag,
    CONDITION,
  ),
  pexpireat: operation({ key, when: dateOrInteger }, flag, CONDITION),
  expiretime: operation({ key }, count),
  pexpiretime: operation({ key }, count),
  ttl: operation({ key }, count),
  pttl: operation({ key }, count),
  persist: operation({ key }, flag),
  range: (op) => {
    const entries = irregular(1, 3, between("RANGE"), "entries", RANGE)(op);
    const words: Words = (op, given) => [...between("RANGE")(op, given), "NOVALUES"];
    const keys = irregular(1, 3, words, keyColumn, RANGE)(op);
    return function (...given) {
      const { values } = (given[2] ?? {}) as { values?: unknown };
      return (values === false ? keys : entries).apply(this, given);
    };
  },
  count: irregular(0, 2, between("COUNT"), count),
  deleteRange: irregular(1, 2, between("DELETERANGE"), count),
  flush: (op) =>
    function (given) {
      arity(op, arguments.length, 0, 1);
      const { all, signal } = options<{ all: boolean }>(op, given, ["all"]);
      if (!yes(op, "all", all) && this.isWhole) {
        throw invalidArgument(
          op,
          "(all) expects true, because the handle has no prefix and others may use the server",
        );
      }
      return this.send(op, ["FLUSH", ""], ok, signal);
    },
} satisfies Record<keyof Keyspace<Mode>, Operation>;
