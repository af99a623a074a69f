// Keys of every type: finding, removing, renaming them, and when they expire.

import { arity, type Integer, integer, key, list, options, text, word, yes } from "../arguments.js";
import { invalidArgument } from "../errors.js";
import { type Duration, type Exclusive, milliseconds, moment } from "../expiry.js";
import type { Mode, Out, Ret } from "../mode.js";
import { text as asText, count, type Decoder, flag, type KeyPage, keyPage, ok } from "../replies.js";
import type { Cancellable } from "../signals.js";
import { type As, Commands, type Own, type Raw, type RawForm } from "./commands.js";

/** The type of the value that a key holds. */
export type ValueType = "string" | "list" | "hash" | "set";

/** Under which condition a deadline is set: at most one of these. */
export type ExpireCondition = Cancellable &
  Exclusive<{
    /** Only if the key has no deadline. */
    nx: boolean;
    /** Only if the key has a deadline. */
    xx: boolean;
    /** Only if the new deadline is later; no deadline counts as the latest. */
    gt: boolean;
    /** Only if the new deadline is earlier. */
    lt: boolean;
  }>;

/** What to look for, and how much of it at a time. */
export interface ScanOptions extends Cancellable {
  /** A glob that the key must match. Without it: every key. */
  readonly match?: string | undefined;
  /** About how many keys to look at in one call: a hint, 10 when left out. */
  readonly count?: number | undefined;
  /** The type that the key must hold. Without it: any. */
  readonly type?: ValueType | undefined;
}

/** How a range is cut and turned. */
export interface RangeOptions extends Cancellable {
  /** How many entries at most. Without it: all. */
  readonly limit?: number | undefined;
  /** From the end of the range to its start. */
  readonly reverse?: boolean | undefined;
}

/** Operations on keys, whatever they hold. */
export abstract class Keyspace<M extends Mode> extends Commands<M> {
  /**
   * Removes keys, whatever they hold, and gives how many there were. O(1) for each key, and for each element it holds.
   *
   * @see https://redis.io/docs/latest/commands/del/
   */
  del(...keys: string[]): Ret<M, number>;
  del(keys: readonly string[]): Ret<M, number>;
  del(...keys: unknown[]): unknown {
    return this.send("del", ["DEL", ...list("del", "key", keys, key)], count);
  }

  /**
   * Whether a key exists. O(1).
   *
   * @see https://redis.io/docs/latest/commands/exists/
   */
  exists(name: string): Ret<M, boolean> {
    arity("exists", arguments.length, 1);
    return this.send("exists", ["EXISTS", key("exists", "key", name)], flag);
  }

  /**
   * All keys that match a glob: `*` any text, `?` one character, `[abc]` and `[a-z]` one of these, `[^a]` none of these,
   * `\` takes the next one literally. In no particular order. O(keys of the store): for big stores use
   * `scanIterator` or `range`.
   *
   * @see https://redis.io/docs/latest/commands/keys/
   */
  keys(pattern: string): Ret<M, string[]> {
    arity("keys", arguments.length, 1);
    return this.send("keys", ["KEYS", text("keys", "pattern", pattern)], asText.values);
  }

  /**
   * One page of the keys. Begin with cursor `"0"`, go on with the cursor of each page, stop when it is `"0"` again; or
   * let `scanIterator` do it. A key that is there from beginning to end is given at least once; one that comes or goes
   * meanwhile may be. Work per call is bounded by `count`.
   *
   * Errors: `invalid-argument` for a cursor that no page gave.
   *
   * @see https://redis.io/docs/latest/commands/scan/
   */
  scan(cursor: string, given?: ScanOptions): Ret<M, KeyPage> {
    arity("scan", arguments.length, 1, 2);
    const { match, count, type } = options<ScanOptions>("scan", given, ["match", "count", "type"]);
    const command = ["SCAN", text("scan", "cursor", cursor)];
    if (match !== undefined) command.push("MATCH", text("scan", "match", match));
    if (count !== undefined) command.push("COUNT", integer("scan", "count", count));
    if (type !== undefined)
      command.push("TYPE", word("scan", "type", type, ["string", "list", "hash", "set"]));
    return this.send("scan", command, keyPage);
  }

  /**
   * What type of value a key holds; `"none"` when it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/type/
   */
  type(name: string): Ret<M, ValueType | "none"> {
    arity("type", arguments.length, 1);
    return this.send("type", ["TYPE", key("type", "key", name)], asText.value as Decoder<ValueType | "none">);
  }

  /**
   * Gives a key another name, with its value and its deadline, over whatever had that name. O(1).
   *
   * Errors: `not-found` when the key does not exist.
   *
   * @see https://redis.io/docs/latest/commands/rename/
   */
  rename(name: string, to: string): Ret<M, "OK"> {
    arity("rename", arguments.length, 2);
    return this.send("rename", ["RENAME", key("rename", "key", name), key("rename", "to", to)], ok);
  }

  /**
   * Like `rename`, unless the new name is taken. Gives whether it was done. O(1).
   *
   * Errors: `not-found` when the key does not exist.
   *
   * @see https://redis.io/docs/latest/commands/renamenx/
   */
  renameNx(name: string, to: string): Ret<M, boolean> {
    arity("renameNx", arguments.length, 2);
    return this.send("renameNx", ["RENAMENX", key("renameNx", "key", name), key("renameNx", "to", to)], flag);
  }

  /**
   * Copies a key's value and deadline to another name; with `replace`, also over what has that name. Gives whether it was
   * done: not when the key does not exist or, without `replace`, the name is taken. O(size of the value).
   *
   * Errors: `invalid-argument` when both names are the same.
   *
   * @see https://redis.io/docs/latest/commands/copy/
   */
  copy(
    name: string,
    to: string,
    given?: Cancellable & { readonly replace?: boolean | undefined },
  ): Ret<M, boolean> {
    arity("copy", arguments.length, 2, 3);
    const { replace } = options<{ replace: boolean }>("copy", given, ["replace"]);
    const command = ["COPY", key("copy", "key", name), key("copy", "to", to)];
    if (yes("copy", "replace", replace)) command.push("REPLACE");
    return this.send("copy", command, flag);
  }

  /**
   * How many of the keys exist, a repeated one counted again. They count as used. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/touch/
   */
  touch(...keys: string[]): Ret<M, number>;
  touch(keys: readonly string[]): Ret<M, number>;
  touch(...keys: unknown[]): unknown {
    return this.send("touch", ["TOUCH", ...list("touch", "key", keys, key)], count);
  }

  /**
   * Some key, each as likely as another; `null` when there is none.
   *
   * @see https://redis.io/docs/latest/commands/randomkey/
   */
  randomKey(): Ret<M, string | null> {
    arity("randomKey", arguments.length, 0);
    return this.send("randomKey", ["RANDOMKEY"], asText.valueOrNull);
  }

  /**
   * Lets a key expire after so many seconds; zero or less removes it at once. A fraction and a duration such as `"5m"` are taken too. Gives
   * whether it was done: not when the key does not exist or the condition does not hold. O(1).
   *
   * @see https://redis.io/docs/latest/commands/expire/
   */
  expire(name: string, seconds: Duration | bigint, condition?: ExpireCondition): Ret<M, boolean> {
    arity("expire", arguments.length, 2, 3);
    const words =
      typeof seconds === "bigint" || Number.isInteger(seconds)
        ? ["EXPIRE", key("expire", "key", name), integer("expire", "seconds", seconds)]
        : ["PEXPIRE", key("expire", "key", name), String(milliseconds("expire", "seconds", seconds))];
    return this.send("expire", [...words, ...conditionWords("expire", condition)], flag);
  }

  /**
   * Lets a key expire after so many milliseconds; else as `expire`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpire/
   */
  pexpire(name: string, ms: Integer, condition?: ExpireCondition): Ret<M, boolean> {
    arity("pexpire", arguments.length, 2, 3);
    const words = ["PEXPIRE", key("pexpire", "key", name), integer("pexpire", "ms", ms)];
    return this.send("pexpire", [...words, ...conditionWords("pexpire", condition)], flag);
  }

  /**
   * Lets a key expire at a moment, in seconds since 1970; one that is past removes the key at once. A `Date` is taken too.
   * Gives whether it was done, as `expire` does. O(1).
   *
   * @see https://redis.io/docs/latest/commands/expireat/
   */
  expireAt(name: string, when: Date | Integer, condition?: ExpireCondition): Ret<M, boolean> {
    arity("expireAt", arguments.length, 2, 3);
    const words =
      when instanceof Date
        ? ["PEXPIREAT", key("expireAt", "key", name), String(moment("expireAt", "when", when))]
        : ["EXPIREAT", key("expireAt", "key", name), integer("expireAt", "when", when)];
    return this.send("expireAt", [...words, ...conditionWords("expireAt", condition)], flag);
  }

  /**
   * Lets a key expire at a moment, in milliseconds since 1970; one that is past removes the key at once. A `Date` is taken
   * too. Gives whether it was done, as `expire` does. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpireat/
   */
  pexpireAt(name: string, when: Date | Integer, condition?: ExpireCondition): Ret<M, boolean> {
    arity("pexpireAt", arguments.length, 2, 3);
    const at = when instanceof Date ? moment("pexpireAt", "when", when) : when;
    const words = ["PEXPIREAT", key("pexpireAt", "key", name), integer("pexpireAt", "when", at)];
    return this.send("pexpireAt", [...words, ...conditionWords("pexpireAt", condition)], flag);
  }

  /**
   * When a key expires, in seconds since 1970; -1 when never, -2 when it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/expiretime/
   */
  expireTime(name: string): Ret<M, number> {
    arity("expireTime", arguments.length, 1);
    return this.send("expireTime", ["EXPIRETIME", key("expireTime", "key", name)], count);
  }

  /**
   * When a key expires, in milliseconds since 1970; -1 when never, -2 when it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pexpiretime/
   */
  pexpireTime(name: string): Ret<M, number> {
    arity("pexpireTime", arguments.length, 1);
    return this.send("pexpireTime", ["PEXPIRETIME", key("pexpireTime", "key", name)], count);
  }

  /**
   * How long a key has left, in seconds, rounded to the nearest; -1 when it does not expire, -2 when it does not exist.
   * O(1).
   *
   * @see https://redis.io/docs/latest/commands/ttl/
   */
  ttl(name: string): Ret<M, number> {
    arity("ttl", arguments.length, 1);
    return this.send("ttl", ["TTL", key("ttl", "key", name)], count);
  }

  /**
   * How long a key has left, in milliseconds; -1 when it does not expire, -2 when it does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/pttl/
   */
  pttl(name: string): Ret<M, number> {
    arity("pttl", arguments.length, 1);
    return this.send("pttl", ["PTTL", key("pttl", "key", name)], count);
  }

  /**
   * Takes a key's deadline away. Gives whether it had one. O(1).
   *
   * @see https://redis.io/docs/latest/commands/persist/
   */
  persist(name: string): Ret<M, boolean> {
    arity("persist", arguments.length, 1);
    return this.send("persist", ["PERSIST", key("persist", "key", name)], flag);
  }

  /**
   * The keys from `start` up to but not including `end`, in the order of their UTF-8 bytes, each with its value; the value
   * of a list, hash or set is `null`. Without `end`: every key that starts with `start`, so that `""` means all. O(log n)
   * and O(1) for each entry given; the first ordered operation on a store sorts its keys once.
   */
  range<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    given?: RangeOptions & Own,
  ): Ret<M, [string, V | null][]>;
  /** The same, with values as bytes. */
  range<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    given: RangeOptions & As<F>,
  ): Ret<M, [string, Raw<F> | null][]>;
  range(start: unknown, end?: unknown, given?: unknown): unknown {
    arity("range", arguments.length, 1, 3);
    const { limit, reverse, as } = options<RangeOptions & { as: unknown }>("range", given, [
      "limit",
      "reverse",
      "as",
    ]);
    const command = ["RANGE", ...bounds("range", start, end)];
    if (limit !== undefined) command.push("LIMIT", integer("range", "limit", limit));
    if (yes("range", "reverse", reverse)) command.push("REVERSE");
    return this.send("range", command, this.form("range", as).entries);
  }

  /**
   * How many keys a `range` from `start` to `end` covers; without `end`, how many start with `start`. Without arguments: how
   * many there are. O(log n) and O(1) for each key counted.
   */
  count(prefix?: string): Ret<M, number>;
  count(start: string, end: string): Ret<M, number>;
  count(start: unknown = "", end?: unknown): unknown {
    arity("count", arguments.length, 0, 2);
    return this.send("count", ["COUNT", ...bounds("count", start, end)], count);
  }

  /**
   * Removes the keys that a `range` from `start` to `end` covers; without `end`, those that start with `start`. Gives how
   * many there were. O(log n) and O(1) for each key removed.
   */
  deleteRange(start: string, end?: string | null): Ret<M, number> {
    arity("deleteRange", arguments.length, 1, 2);
    return this.send("deleteRange", ["DELETERANGE", ...bounds("deleteRange", start, end)], count);
  }

  /**
   * Removes every key under the handle's prefix; without a prefix, every key of the store. A store on a server
   * asks for `all` before it is emptied whole: others may have keys there. O(keys).
   *
   * @see https://redis.io/docs/latest/commands/flushdb/
   */
  flush(given?: Cancellable & { readonly all?: boolean | undefined }): Ret<M, "OK"> {
    arity("flush", arguments.length, 0, 1);
    const { all } = options<{ all: boolean }>("flush", given, ["all"]);
    const isMeant = yes("flush", "all", all);
    if (this.isWhole && !isMeant) {
      throw invalidArgument(
        "flush",
        "(all) expects true: the handle has no prefix, and the server may have others",
      );
    }
    return this.send("flush", ["FLUSH", ""], ok);
  }
}

function bounds(op: string, start: unknown, end: unknown): string[] {
  const from = text(op, "start", start);
  return end === undefined || end === null ? [from] : [from, "END", text(op, "end", end)];
}

function conditionWords(op: string, given: unknown): string[] {
  const names = ["nx", "xx", "gt", "lt"] as const;
  const condition = options<Record<(typeof names)[number], boolean>>(op, given, names);
  return names.filter((name) => yes(op, name, condition[name])).map((name) => name.toUpperCase());
}
