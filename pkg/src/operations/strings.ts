// Strings of bytes, and the numbers they spell.

import {
  arity,
  decimal,
  type Integer,
  integer,
  key,
  list,
  options,
  type Pairs,
  pairs,
  splitOptions,
  type Value,
  value,
  yes,
} from "../arguments.js";
import { invalidArgument } from "../errors.js";
import { EXPIRY, type Expiry, expiryWords, NEW_EXPIRY, type NewExpiry } from "../expiry.js";
import type { In, Mode, Out, Ret } from "../mode.js";
import {
  text as asText,
  bytes,
  count,
  flag,
  integer as integerReply,
  ok,
  okOrNull,
  orElse,
} from "../replies.js";
import { type Codec, formOf, textCodec } from "../serializer.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import { Keyspace } from "./keyspace.js";

/** `set` writes whatever is there. */
export type SetAlways = Expiry & {
  /** Only if the key does not exist: not asked. */
  readonly nx?: false | undefined;
  /** Only if the key exists: not asked. */
  readonly xx?: false | undefined;
};

/** `set` writes on a condition. */
export type SetIf = Expiry &
  (
    | {
        /** Only if the key does not exist. */
        readonly nx: boolean;
        readonly xx?: false | undefined;
      }
    | {
        /** Only if the key exists. */
        readonly xx: boolean;
        readonly nx?: false | undefined;
      }
  );

/** `set` answers "OK". */
interface Plain {
  readonly get?: false | undefined;
}

/** `set` answers with the value that was there before. */
interface GetOld {
  /** Give the value that was there before; `null` when there was none. */
  readonly get: true;
}

/** What `get` gives when the key does not exist. */
interface Default<D> {
  /** What to give instead of `null` when the key does not exist. */
  readonly default: D;
}

interface NoDefault {
  readonly default?: undefined;
}

/** Operations on strings. All answer `wrong-type` for a key that holds something else, unless they say otherwise. */
export abstract class Strings<M extends Mode> extends Keyspace<M> {
  /**
   * The value of a key as text; `null` when the key does not exist. With a `default`: that instead. O(size).
   *
   * Errors: `invalid-value` when it is not UTF-8; `{ as: "bytes" }` reads it.
   *
   * @see https://redis.io/docs/latest/commands/get/
   */
  get<V extends Out<M> = Out<M>>(name: string, given?: Own & NoDefault): Ret<M, V | null>;
  get<V extends Out<M> = Out<M>>(name: string, given: Own & Default<NoInfer<V>>): Ret<M, V>;
  get<V extends Out<M>, D>(name: string, given: Own & Default<D>): Ret<M, V | D>;
  /** The value of a key as bytes; `null`, or the `default`, when the key does not exist. O(size). */
  get<F extends RawForm>(name: string, given: As<F> & NoDefault): Ret<M, Raw<F> | null>;
  get<F extends RawForm, D>(name: string, given: As<F> & Default<D>): Ret<M, Raw<F> | D>;
  get(name: unknown, given?: unknown): unknown {
    if (arguments.length === 1 && typeof name === "string") {
      const known = this.direct?.get(name);
      if (known === null || (known !== undefined && this.codec === textCodec)) return this.answer(known);
      if (known !== undefined) return this.answer(this.codec.decode("get", known));
    }
    arity("get", arguments.length, 1, 2);
    const command = ["GET", key("get", "key", name)];
    if (given === undefined) return this.send("get", command, this.codec.own.valueOrNull);
    const { as, default: fallback = null } = options<{ as: unknown; default: unknown }>("get", given, [
      "as",
      "default",
    ]);
    return this.send("get", command, orElse(this.form("get", as).value, fallback));
  }

  /**
   * The value of a key as bytes; `null` when the key does not exist. O(size).
   *
   * @see https://redis.io/docs/latest/commands/get/
   */
  getBytes(name: string): Ret<M, Uint8Array | null> {
    arity("getBytes", arguments.length, 1);
    return this.send("getBytes", ["GET", key("getBytes", "key", name)], bytes.valueOrNull);
  }

  /**
   * Writes a value, over one of any type, and with it a new deadline or none. The deadline is `ttl`, `ttlMs`, `expireAt` or
   * `keepTtl`. Gives `"OK"`; `null` when `nx` or `xx` did not hold; with `get` the value that was there before. O(size).
   *
   * Errors: `invalid-argument` for a negative TTL, `too-large`, `out-of-memory`; with `get` also `wrong-type`.
   *
   * @see https://redis.io/docs/latest/commands/set/
   */
  set(name: string, content: In<M>, given?: SetAlways & Plain): Ret<M, "OK">;
  set(name: string, content: In<M>, given: SetIf & Plain): Ret<M, "OK" | null>;
  set<V extends Out<M> = Out<M>>(
    name: string,
    content: In<M>,
    given: (SetAlways | SetIf) & GetOld & Own,
  ): Ret<M, V | null>;
  set<F extends RawForm>(
    name: string,
    content: In<M>,
    given: (SetAlways | SetIf) & GetOld & As<F>,
  ): Ret<M, Raw<F> | null>;
  set(name: unknown, content: unknown, given?: unknown): unknown {
    // Plain text need not be checked for the short way, which takes nothing but ASCII.
    const encoded = this.codec === textCodec ? undefined : this.codec.encode("set", "value", content);
    const short = encoded ?? content;
    if (typeof name === "string" && typeof short === "string") {
      const ttl = arguments.length === 2 ? DEFAULT_TTL : onlyTtl(given);
      if (ttl !== undefined && this.direct?.set(name, short, ttl)) return this.answer("OK");
    }
    arity("set", arguments.length, 2, 3);
    const command = ["SET", key("set", "key", name), encoded ?? this.codec.encode("set", "value", content)];
    if (given === undefined) return this.send("set", command, ok);
    const known = [...EXPIRY, "nx", "xx", "get", "as"] as const;
    const chosen = options<Record<(typeof known)[number], unknown>>("set", given, known);
    command.push(...expiryWords("set", chosen));
    const missing = yes("set", "nx", chosen.nx);
    const present = yes("set", "xx", chosen.xx);
    if (missing && present) throw invalidArgument("set", "(options) takes only one of nx and xx");
    if (missing) command.push("NX");
    if (present) command.push("XX");
    if (!yes("set", "get", chosen.get)) return this.send("set", command, okOrNull);
    return this.send("set", [...command, "GET"], this.form("set", chosen.as).valueOrNull);
  }

  /**
   * Adds bytes to the end of a value, or writes them when the key does not exist; the deadline stays. Gives the new length
   * in bytes. O(1) for each byte added, amortised.
   *
   * @see https://redis.io/docs/latest/commands/append/
   */
  append(name: string, content: Value): Ret<M, number> {
    arity("append", arguments.length, 2);
    return this.send(
      "append",
      ["APPEND", key("append", "key", name), value("append", "value", content)],
      count,
    );
  }

  /**
   * The length of a value in bytes; 0 when the key does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/strlen/
   */
  strlen(name: string): Ret<M, number> {
    arity("strlen", arguments.length, 1);
    return this.send("strlen", ["STRLEN", key("strlen", "key", name)], count);
  }

  /**
   * The bytes of a value from offset `start` to offset `end`, both included; a negative offset counts from the end, -1 being
   * the last byte. What is out of range is clipped; a missing key gives no bytes. O(bytes given).
   *
   * Errors: `invalid-value` when these bytes are not UTF-8; `{ as: "bytes" }` reads them.
   *
   * @see https://redis.io/docs/latest/commands/getrange/
   */
  getRange(name: string, start: Integer, end: Integer, given?: Own): Ret<M, string>;
  getRange<F extends RawForm>(name: string, start: Integer, end: Integer, given: As<F>): Ret<M, Raw<F>>;
  getRange(name: unknown, start: unknown, end: unknown, given?: unknown): unknown {
    const op = "getRange";
    arity(op, arguments.length, 3, 4);
    const { as } = options<{ as: unknown }>(op, given, ["as"]);
    const command = ["GETRANGE", key(op, "key", name), integer(op, "start", start), integer(op, "end", end)];
    return this.send(op, command, formOf(textCodec, op, as).value);
  }

  /**
   * Overwrites the bytes of a value from an offset on, first filling it up to there with zero bytes where it is shorter; the
   * deadline stays. No bytes to write: nothing changes. Gives the length in bytes. O(bytes written).
   *
   * Errors: `too-large` when the value would be longer than 128 MiB.
   *
   * @see https://redis.io/docs/latest/commands/setrange/
   */
  setRange(name: string, offset: Integer, content: Value): Ret<M, number> {
    const op = "setRange";
    arity(op, arguments.length, 3);
    const command = [
      "SETRANGE",
      key(op, "key", name),
      integer(op, "offset", offset),
      value(op, "value", content),
    ];
    return this.send(op, command, count);
  }

  /**
   * Writes a value and gives the one that was there before; `null` when there was none. O(size).
   *
   * @see https://redis.io/docs/latest/commands/getset/
   */
  getSet<V extends Out<M> = Out<M>>(name: string, content: In<M>, given?: Own): Ret<M, V | null>;
  getSet<F extends RawForm>(name: string, content: In<M>, given: As<F>): Ret<M, Raw<F> | null>;
  getSet(name: unknown, content: unknown, given?: unknown): unknown {
    const op = "getSet";
    arity(op, arguments.length, 2, 3);
    const { as } = options<{ as: unknown }>(op, given, ["as"]);
    const command = ["GETSET", key(op, "key", name), this.codec.encode(op, "value", content)];
    return this.send(op, command, this.form(op, as).valueOrNull);
  }

  /**
   * Gives the value of a key and removes the key; `null` when it does not exist. O(size).
   *
   * @see https://redis.io/docs/latest/commands/getdel/
   */
  getDel<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V | null>;
  getDel<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  getDel(name: unknown, given?: unknown): unknown {
    arity("getDel", arguments.length, 1, 2);
    const { as } = options<{ as: unknown }>("getDel", given, ["as"]);
    return this.send("getDel", ["GETDEL", key("getDel", "key", name)], this.form("getDel", as).valueOrNull);
  }

  /**
   * Gives the value of a key and changes when it expires. That is `ttl`, `ttlMs`, `expireAt`, or `persist` for never;
   * without options it is `get`. O(size).
   *
   * @see https://redis.io/docs/latest/commands/getex/
   */
  getEx<V extends Out<M> = Out<M>>(name: string, given?: NewExpiry & Own): Ret<M, V | null>;
  getEx<F extends RawForm>(name: string, given: NewExpiry & As<F>): Ret<M, Raw<F> | null>;
  getEx(name: unknown, given?: unknown): unknown {
    const op = "getEx";
    arity(op, arguments.length, 1, 2);
    const known = [...NEW_EXPIRY, "as"] as const;
    const chosen = options<Record<(typeof known)[number], unknown>>(op, given, known);
    const command = ["GETEX", key(op, "key", name), ...expiryWords(op, chosen)];
    return this.send(op, command, this.form(op, chosen.as).valueOrNull);
  }

  /**
   * Adds 1 to the integer that a value spells, 0 when the key does not exist, and gives the sum; the deadline stays. The sum
   * is a number, or a bigint beyond 2^53. O(1).
   *
   * Errors: `invalid-value`, and no change, when the value is no signed 64-bit integer or the sum would be none.
   *
   * @see https://redis.io/docs/latest/commands/incr/
   */
  incr(name: string): Ret<M, Integer> {
    if (arguments.length === 1 && typeof name === "string") {
      const sum = this.direct?.incr(name, 1, "incr");
      if (sum !== undefined) return this.answer(sum);
    }
    arity("incr", arguments.length, 1);
    return this.send("incr", ["INCR", key("incr", "key", name)], integerReply);
  }

  /**
   * Takes 1 from the integer that a value spells; else as `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/decr/
   */
  decr(name: string): Ret<M, Integer> {
    if (arguments.length === 1 && typeof name === "string") {
      const sum = this.direct?.incr(name, -1, "decr");
      if (sum !== undefined) return this.answer(sum);
    }
    arity("decr", arguments.length, 1);
    return this.send("decr", ["DECR", key("decr", "key", name)], integerReply);
  }

  /**
   * Adds `by` to the integer that a value spells; else as `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/incrby/
   */
  incrBy(name: string, by: Integer): Ret<M, Integer> {
    arity("incrBy", arguments.length, 2);
    return this.send(
      "incrBy",
      ["INCRBY", key("incrBy", "key", name), integer("incrBy", "by", by)],
      integerReply,
    );
  }

  /**
   * Takes `by` from the integer that a value spells; else as `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/decrby/
   */
  decrBy(name: string, by: Integer): Ret<M, Integer> {
    arity("decrBy", arguments.length, 2);
    return this.send(
      "decrBy",
      ["DECRBY", key("decrBy", "key", name), integer("decrBy", "by", by)],
      integerReply,
    );
  }

  /**
   * Adds `by` (a number, or the text of one) to the decimal number that a value spells, 0 when the key does not exist; the
   * deadline stays. Gives the sum as text: computed in decimal, not in binary, and rounded to 17 digits after the point.
   * O(1).
   *
   * Errors: `invalid-value`, and no change, when the value or the sum is no finite number.
   *
   * @see https://redis.io/docs/latest/commands/incrbyfloat/
   */
  incrByFloat(name: string, by: number | string): Ret<M, string> {
    const op = "incrByFloat";
    arity(op, arguments.length, 2);
    return this.send(op, ["INCRBYFLOAT", key(op, "key", name), decimal(op, "by", by)], asText.value);
  }

  /**
   * The values of keys, in their order: `null` for one that does not exist or does not hold a string. One trip. O(1) for
   * each key, and the sizes.
   *
   * @see https://redis.io/docs/latest/commands/mget/
   */
  mget<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, (V | null)[]>;
  mget<V extends Out<M> = Out<M>>(keys: readonly string[], given?: Own): Ret<M, (V | null)[]>;
  mget<F extends RawForm>(keys: readonly string[], given: As<F>): Ret<M, (Raw<F> | null)[]>;
  mget<F extends RawForm>(...given: [...keys: string[], given: As<F>]): Ret<M, (Raw<F> | null)[]>;
  mget(...given: unknown[]): unknown {
    const [keys, last] = splitOptions(given);
    const { as } = options<{ as: unknown }>("mget", last, ["as"]);
    const names = list("mget", "key", keys, key);
    const texts = as === undefined ? this.direct?.mget(names) : undefined;
    if (texts !== undefined) {
      const decode = (text: string | null) => (text === null ? null : this.codec.decode("mget", text));
      return this.answer(this.codec === textCodec ? texts : texts.map(decode));
    }
    return this.send("mget", ["MGET", ...names], this.form("mget", as).valuesWithGaps);
  }

  /**
   * Writes values under keys, all or none of them, in one trip; the last one counts when a key comes twice. They are an
   * object, a Map or pairs. O(1) for each pair, and the sizes.
   *
   * Errors: `invalid-argument` for no pairs.
   *
   * @see https://redis.io/docs/latest/commands/mset/
   */
  mset(entries: Pairs<In<M>>, given?: Expiry): Ret<M, "OK"> {
    arity("mset", arguments.length, 1, 2);
    return this.send("mset", manyWords("mset", "MSET", entries, given, this.codec), ok);
  }

  /**
   * Like `mset`, if none of the keys exists. Gives whether they were written.
   *
   * Errors: `invalid-argument` for no pairs.
   *
   * @see https://redis.io/docs/latest/commands/msetnx/
   */
  msetNx(entries: Pairs<In<M>>, given?: Expiry): Ret<M, boolean> {
    arity("msetNx", arguments.length, 1, 2);
    return this.send("msetNx", manyWords("msetNx", "MSETNX", entries, given, this.codec), flag);
  }

  /**
   * Writes a value if the key holds `expected`, or, with `null` expected, if it does not exist. Gives whether it was
   * written. O(size).
   */
  compareAndSet(name: string, expected: In<M> | null, content: In<M>, given?: Expiry): Ret<M, boolean> {
    const op = "compareAndSet";
    arity(op, arguments.length, 3, 4);
    const chosen = options<Record<(typeof EXPIRY)[number], unknown>>(op, given, EXPIRY);
    const command = ["COMPAREANDSET", key(op, "key", name), this.codec.encode(op, "value", content)];
    if (expected !== null) command.push("EXPECT", this.codec.encode(op, "expected", expected));
    return this.send(op, [...command, ...expiryWords(op, chosen)], flag);
  }

  /** Removes a key if it holds `expected`. Gives whether it did. O(size). */
  compareAndDelete(name: string, expected: In<M>): Ret<M, boolean> {
    const op = "compareAndDelete";
    arity(op, arguments.length, 2);
    return this.send(
      op,
      ["COMPAREANDDELETE", key(op, "key", name), this.codec.encode(op, "expected", expected)],
      flag,
    );
  }
}

/** What the short way of `set` takes for a handle's default TTL. */
const DEFAULT_TTL = -1;

/** The milliseconds of options that say nothing but a positive `ttl` in seconds. */
function onlyTtl(given: unknown): number | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { ttl } = given as { ttl?: unknown };
  if (typeof ttl !== "number") return undefined;
  for (const name in given) if (name !== "ttl") return undefined;
  const ms = Math.round(ttl * 1_000);
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined;
}

/** `MSET` and `MSETNX` as Redis has them; with a word about time, `MSETEX`. */
function manyWords(op: string, word: "MSET" | "MSETNX", entries: unknown, given: unknown, codec: Codec) {
  const words = pairs(op, "key", entries, key, codec.encode);
  const expiry = expiryWords(op, options<Record<(typeof EXPIRY)[number], unknown>>(op, given, EXPIRY));
  if (expiry.length === 0) return [word, ...words];
  const condition = word === "MSETNX" ? ["NX"] : [];
  return ["MSETEX", String(words.length / 2), ...words, ...condition, ...expiry];
}
