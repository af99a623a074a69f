// Strings of bytes, and the numbers they spell.

import {
  arity,
  decimal,
  type Integer,
  integer,
  items,
  key,
  options,
  type Pairs,
  pairs,
  splitOptions,
  type Value,
  value,
  yes,
} from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import { EXPIRY, type Expiry, expiryWords, NEW_EXPIRY, type NewExpiry } from "../values/expiry.js";
import type { In, Int, Mode, Out, Ret } from "../values/mode.js";
import {
  text as asText,
  bytes,
  count,
  type Decoder,
  flag,
  sum as sumReply,
  ok,
  orElse,
} from "../wire/replies.js";
import { formOf, textCodec } from "../values/serializer.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import { content, irregular, named, type Operation, operation, type Options, run } from "./operation.js";

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
export interface Strings<M extends Mode> {
  /**
   * Returns the value of a key as text; `null` when the key does not exist. A `default` replaces that `null`. O(size).
   *
   * Errors: `invalid-value` when it is not UTF-8; `{ as: "bytes" }` reads it.
   *
   * @see https://redis.io/docs/latest/commands/get/
   */
  get<V extends Out<M> = Out<M>>(key: string, options?: Own & NoDefault): Ret<M, V | null>;
  get<V extends Out<M> = Out<M>>(key: string, options: Own & Default<NoInfer<V>>): Ret<M, V>;
  get<V extends Out<M>, D>(key: string, options: Own & Default<D>): Ret<M, V | D>;
  /** Returns the value of a key as bytes; `null`, or the `default`, when the key does not exist. O(size). */
  get<F extends RawForm>(key: string, options: As<F> & NoDefault): Ret<M, Raw<F> | null>;
  get<F extends RawForm, D>(key: string, options: As<F> & Default<D>): Ret<M, Raw<F> | D>;

  /**
   * Returns the value of a key as bytes; `null` when the key does not exist. O(size).
   *
   * @see https://redis.io/docs/latest/commands/get/
   */
  getBytes(key: string): Ret<M, Uint8Array | null>;

  /**
   * Sets a key to a string, replacing a value of any type and its TTL. Set the expiry with `ttl`, `ttlMs`, `expireAt`
   * or `keepTtl`. Returns `"OK"`, or `null` if `nx` or `xx` did not hold; with `get`, returns the previous value.
   * O(size).
   *
   * Errors: `invalid-argument` for a negative TTL, `too-large`, `out-of-memory`; with `get` also `wrong-type`.
   *
   * @see https://redis.io/docs/latest/commands/set/
   */
  set(key: string, value: In<M>, options?: SetAlways & Plain): Ret<M, "OK">;
  set(key: string, value: In<M>, options: SetIf & Plain): Ret<M, "OK" | null>;
  set<V extends Out<M> = Out<M>>(
    key: string,
    value: In<M>,
    options: (SetAlways | SetIf) & GetOld & Own,
  ): Ret<M, V | null>;
  set<F extends RawForm>(
    key: string,
    value: In<M>,
    options: (SetAlways | SetIf) & GetOld & As<F>,
  ): Ret<M, Raw<F> | null>;

  /**
   * Appends bytes to a string, which starts empty if the key does not exist, and keeps its TTL. Returns the new length
   * in bytes. O(1) for each byte added, amortised.
   *
   * @see https://redis.io/docs/latest/commands/append/
   */
  append(key: string, value: Value): Ret<M, number>;

  /**
   * Returns the length of a string in bytes, or 0 when the key does not exist. O(1).
   *
   * @see https://redis.io/docs/latest/commands/strlen/
   */
  strlen(key: string): Ret<M, number>;

  /**
   * Returns the bytes from offset `start` to `end`, inclusive. Negative offsets count from the end: -1 is the last
   * byte. Offsets out of range are clipped. A missing key gives no bytes. O(bytes returned).
   *
   * Errors: `invalid-value` when these bytes are not UTF-8; `{ as: "bytes" }` reads them.
   *
   * @see https://redis.io/docs/latest/commands/getrange/
   */
  getrange(key: string, start: Integer, end: Integer, options?: Own): Ret<M, string>;
  getrange<F extends RawForm>(key: string, start: Integer, end: Integer, options: As<F>): Ret<M, Raw<F>>;

  /**
   * Overwrites bytes starting at an offset, padding a shorter value with zero bytes, and keeps the TTL. Writing no
   * bytes changes nothing. Returns the length in bytes. O(bytes written).
   *
   * Errors: `too-large` when the value would be longer than 128 MiB.
   *
   * @see https://redis.io/docs/latest/commands/setrange/
   */
  setrange(key: string, offset: Integer, value: Value): Ret<M, number>;

  /**
   * Sets a value and returns the previous one, or `null`. O(size).
   *
   * @see https://redis.io/docs/latest/commands/getset/
   */
  getset<V extends Out<M> = Out<M>>(key: string, value: In<M>, options?: Own): Ret<M, V | null>;
  getset<F extends RawForm>(key: string, value: In<M>, options: As<F>): Ret<M, Raw<F> | null>;

  /**
   * Returns the value of a key and deletes the key; `null` when it does not exist. O(size).
   *
   * Errors: `invalid-value` if it cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/getdel/
   */
  getdel<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  getdel<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;

  /**
   * Returns the value of a key and changes its TTL. Takes `ttl`, `ttlMs`, `expireAt`, or `persist` for never; without
   * options it is `get`. O(size).
   *
   * @see https://redis.io/docs/latest/commands/getex/
   */
  getex<V extends Out<M> = Out<M>>(key: string, options?: NewExpiry & Own): Ret<M, V | null>;
  getex<F extends RawForm>(key: string, options: NewExpiry & As<F>): Ret<M, Raw<F> | null>;

  /**
   * Adds 1 to an integer, which starts at 0 if the key does not exist, and returns the sum; the TTL stays. The sum is a
   * number, in a store opened with `integers: "bigint"` a bigint. O(1).
   *
   * Errors: `invalid-value`, and nothing changes, if the value is not a signed 64-bit integer or the sum would
   * overflow; `invalid-value` too, with the change made, when the sum is beyond 2^53 and so no exact number: the
   * error's `text` has it.
   *
   * @see https://redis.io/docs/latest/commands/incr/
   */
  incr(key: string): Ret<M, Int<M>>;

  /**
   * Subtracts 1 from an integer; otherwise like `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/decr/
   */
  decr(key: string): Ret<M, Int<M>>;

  /**
   * Adds `by` to an integer; otherwise like `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/incrby/
   */
  incrby(key: string, by: Integer): Ret<M, Int<M>>;

  /**
   * Subtracts `by` from an integer; otherwise like `incr`. O(1).
   *
   * @see https://redis.io/docs/latest/commands/decrby/
   */
  decrby(key: string, by: Integer): Ret<M, Int<M>>;

  /**
   * Adds `by` (a number, or its text) to a decimal number, which starts at 0 if the key does not exist; the TTL stays.
   * Returns the sum as text, computed exactly in decimal and rounded to 17 digits after the point. O(1).
   *
   * Errors: `invalid-value`, and nothing changes, if the value or the sum is not a finite number.
   *
   * @see https://redis.io/docs/latest/commands/incrbyfloat/
   */
  incrbyfloat(key: string, by: number | string): Ret<M, string>;

  /**
   * Returns the values of keys in order, with `null` for a key that does not exist or does not hold a string. One round
   * trip. O(1) for each key, and the sizes.
   *
   * @see https://redis.io/docs/latest/commands/mget/
   */
  mget<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, (V | null)[]>;
  mget<V extends Out<M> = Out<M>>(keys: readonly string[], options?: Own): Ret<M, (V | null)[]>;
  mget<F extends RawForm>(keys: readonly string[], options: As<F>): Ret<M, (Raw<F> | null)[]>;
  mget<F extends RawForm>(...keys: [...keys: string[], options: As<F>]): Ret<M, (Raw<F> | null)[]>;

  /**
   * Sets many keys at once, all or none, in one round trip; if a key comes twice, the last value counts. Takes an
   * object, a Map or pairs. O(1) for each pair, and the sizes.
   *
   * Errors: `invalid-argument` for no pairs.
   *
   * @see https://redis.io/docs/latest/commands/mset/
   */
  mset(entries: Pairs<In<M>>, options?: Expiry): Ret<M, "OK">;

  /**
   * Like `mset`, but only if none of the keys exists. Returns whether they were written.
   *
   * Errors: `invalid-argument` for no pairs.
   *
   * @see https://redis.io/docs/latest/commands/msetnx/
   */
  msetnx(entries: Pairs<In<M>>, options?: Expiry): Ret<M, boolean>;

  /**
   * Sets a key if it holds `expected` or, with `null` expected, if it does not exist. Returns whether it was written.
   * O(size).
   */
  compareAndSet(key: string, expected: In<M> | null, value: In<M>, options?: Expiry): Ret<M, boolean>;

  /** Deletes a key if it holds `expected`. Returns whether it was deleted. O(size). */
  compareAndDelete(key: string, expected: In<M>): Ret<M, boolean>;
}

/** What the short way of `set` takes for a handle's default TTL. */
const DEFAULT_TTL = -1;

const EXPIRING: Options = { names: EXPIRY, words: expiryWords };
const EXPIRING_ANEW: Options = { names: NEW_EXPIRY, words: expiryWords };

const CONDITION = named({ nx: yes, xx: yes, get: yes });
const SETTING: Options = {
  names: [...EXPIRY, ...CONDITION.names],
  words: (op, told, codec) => {
    if (told["nx"] && told["xx"]) throw invalidArgument(op, "(options) takes only one of nx and xx");
    return [...expiryWords(op, told), ...CONDITION.words(op, told, codec)];
  },
};

/** The milliseconds of options that say nothing but a positive `ttl` in seconds. */
function onlyTtl(given: unknown): number | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { ttl } = given as { ttl?: unknown };
  if (typeof ttl !== "number") return undefined;
  for (const name in given) if (name !== "ttl") return undefined;
  const ms = Math.round(ttl * 1_000);
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined;
}

/** `INCR` and `DECR`, by the short way where it can. */
const counter =
  (by: number): Operation =>
  (op) => {
    const command = operation({ key }, sumReply)(op);
    return function (name) {
      if (arguments.length === 1 && typeof name === "string") {
        const sum = this.shortcuts?.incr(name, by, op);
        if (sum !== undefined) return this.answer(this.codec.integer(op, sum));
      }
      return command.apply(this, [...arguments]);
    };
  };

/** `MSET` and `MSETNX` as Redis has them; with a word about time, `MSETEX`. */
const several =
  (condition: string[], reply: Decoder<unknown>): Operation =>
  (op) =>
    function (entries, given) {
      arity(op, arguments.length, 1, 2);
      const words = pairs(op, "key", entries, key, this.codec.encode);
      const told = options<Record<(typeof EXPIRY)[number], unknown>>(op, given, EXPIRY);
      const expiry = expiryWords(op, told);
      const command =
        expiry.length === 0
          ? [op.toUpperCase(), ...words]
          : ["MSETEX", String(words.length / 2), ...words, ...condition, ...expiry];
      return this.send(op, command, reply, told.signal);
    };

/** @internal How each of them is done. */
export const strings = {
  get: (op) =>
    function (name, given) {
      if (arguments.length === 1 && typeof name === "string") {
        const known = this.shortcuts?.get(name);
        if (known === null || (known !== undefined && this.codec === textCodec)) return this.answer(known);
        if (known !== undefined) return this.answer(this.codec.decode(op, known));
      }
      arity(op, arguments.length, 1, 2);
      const command = ["GET", key(op, "key", name)];
      if (given === undefined) return this.send(op, command, this.codec.own.valueOrNull);
      const told = options<{ as: unknown; default: unknown }>(op, given, ["as", "default"]);
      const { value } = formOf(this.codec, op, told.as);
      return this.send(op, command, orElse(value, told.default ?? null), told.signal);
    },
  getBytes: irregular(1, 1, (op, [name]) => ["GET", key(op, "key", name)], bytes.valueOrNull),
  set: (op) =>
    function (name, content, given) {
      // Plain text need not be checked for the short way, which takes nothing but ASCII.
      const encoded = this.codec === textCodec ? undefined : this.codec.encode(op, "value", content);
      const short = encoded ?? content;
      if (typeof name === "string" && typeof short === "string") {
        const ttl = arguments.length === 2 ? DEFAULT_TTL : onlyTtl(given);
        if (ttl !== undefined && this.shortcuts?.set(name, short, ttl)) return this.answer("OK");
      }
      arity(op, arguments.length, 2, 3);
      const command = ["SET", key(op, "key", name), encoded ?? this.codec.encode(op, "value", content)];
      return run(this, op, command, "okOrValue", given, SETTING);
    },
  append: operation({ key, value }, count),
  strlen: operation({ key }, count),
  getrange: (op) =>
    function (name, start, end, given) {
      arity(op, arguments.length, 3, 4);
      const told = options<{ as: unknown }>(op, given, ["as"]);
      const command = [
        "GETRANGE",
        key(op, "key", name),
        integer(op, "start", start),
        integer(op, "end", end),
      ];
      return this.send(op, command, formOf(textCodec, op, told.as).value, told.signal);
    },
  setrange: operation({ key, offset: integer, value }, count),
  getset: operation({ key, value: content }, "valueOrNull"),
  getdel: operation({ key }, "valueOrNull"),
  getex: operation({ key }, "valueOrNull", EXPIRING_ANEW),
  incr: counter(1),
  decr: counter(-1),
  incrby: operation({ key, by: integer }, sumReply),
  decrby: operation({ key, by: integer }, sumReply),
  incrbyfloat: operation({ key, by: decimal }, asText.value),
  mget: (op) =>
    function (...given) {
      const [keys, last] = splitOptions(given);
      const names = items(keys).map((name) => key(op, "key", name));
      const texts = last === undefined ? this.shortcuts?.mget(names) : undefined;
      if (texts === undefined) return run(this, op, ["MGET", ...names], "values", last);
      const decode = (text: string | null) => (text === null ? null : this.codec.decode(op, text));
      return this.answer(this.codec === textCodec ? texts : texts.map(decode));
    },
  mset: several([], ok),
  msetnx: several(["NX"], flag),
  compareAndSet: irregular(
    3,
    4,
    (op, [name, expected, content], { encode }) => [
      "COMPAREANDSET",
      key(op, "key", name),
      encode(op, "value", content),
      ...(expected === null ? [] : ["EXPECT", encode(op, "expected", expected)]),
    ],
    flag,
    EXPIRING,
  ),
  compareAndDelete: operation({ key, expected: content }, flag),
} satisfies Record<keyof Strings<Mode>, Operation>;
