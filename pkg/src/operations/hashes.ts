// Hashes: fields, each with a value, under one key.

import {
  arity,
  decimal,
  type Integer,
  integer,
  key,
  type Pairs,
  pairs,
  text,
  type Value,
  value,
  yes,
} from "../values/arguments.js";
import type { In, Int, Mode, Out, Ret } from "../values/mode.js";
import { text as asText, count, type EntryPage, flag, sum as sumReply } from "../wire/replies.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "./commands.js";
import { content, named, type Operation, operation, some, variadic } from "./operation.js";

/**
 * Operations on hashes. Fields come in no particular order. Removing the last field removes the key. All fail with
 * `wrong-type` on a key of another type.
 */
export interface Hashes<M extends Mode> {
  /**
   * Sets a field. Creates the hash if needed and keeps its TTL. Returns whether the field is new. With many fields (an
   * object, a Map or pairs), sets all of them in one step and returns how many are new. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hset/
   */
  hset(key: string, field: Value, value: In<M>): Ret<M, boolean>;
  hset(key: string, fields: Pairs<In<M>>): Ret<M, number>;

  /**
   * Returns the value of a field; `null` when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hget/
   */
  hget<V extends Out<M> = Out<M>>(key: string, field: Value, options?: Own): Ret<M, V | null>;
  hget<F extends RawForm>(key: string, field: Value, options: As<F>): Ret<M, Raw<F> | null>;

  /**
   * Returns the values of fields in order, with `null` for a field that does not exist. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hmget/
   */
  hmget<V extends Out<M> = Out<M>>(key: string, ...fields: Value[]): Ret<M, (V | null)[]>;
  hmget<V extends Out<M> = Out<M>>(
    key: string,
    fields: readonly Value[],
    options?: Own,
  ): Ret<M, (V | null)[]>;
  hmget<F extends RawForm>(key: string, fields: readonly Value[], options: As<F>): Ret<M, (Raw<F> | null)[]>;
  hmget<F extends RawForm>(
    key: string,
    ...fields: [...fields: Value[], options: As<F>]
  ): Ret<M, (Raw<F> | null)[]>;

  /**
   * Returns all fields with their values; empty when there is no hash. O(fields).
   *
   * Errors: `invalid-value` when a field is not UTF-8; `hscan` with `{ as: "bytes" }` reads it.
   *
   * @see https://redis.io/docs/latest/commands/hgetall/
   */
  hgetall<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, Record<string, V>>;
  hgetall<F extends RawForm>(key: string, options: As<F>): Ret<M, Record<string, Raw<F>>>;

  /**
   * Deletes fields and returns how many existed. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hdel/
   */
  hdel(key: string, ...fields: Value[]): Ret<M, number>;
  hdel(key: string, fields: readonly Value[]): Ret<M, number>;

  /**
   * Returns whether a field exists. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hexists/
   */
  hexists(key: string, field: Value): Ret<M, boolean>;

  /**
   * Returns the number of fields; 0 when there is no hash. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hlen/
   */
  hlen(key: string): Ret<M, number>;

  /**
   * Returns all fields; empty when there is no hash. O(fields).
   *
   * @see https://redis.io/docs/latest/commands/hkeys/
   */
  hkeys(key: string, options?: Own): Ret<M, string[]>;
  hkeys<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns the values of all fields; empty when there is no hash. O(fields).
   *
   * @see https://redis.io/docs/latest/commands/hvals/
   */
  hvals<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V[]>;
  hvals<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns the length of a field's value in bytes; 0 when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hstrlen/
   */
  hstrlen(key: string, field: Value): Ret<M, number>;

  /**
   * Adds `by` to the integer in a field, which starts at 0 if the field does not exist, and returns the sum. That is a
   * number, in a store opened with `integers: "bigint"` a bigint. O(1).
   *
   * Errors: `invalid-value`, and nothing changes, if the value is not a signed 64-bit integer or the sum would
   * overflow; beyond 2^53 as `incr`.
   *
   * @see https://redis.io/docs/latest/commands/hincrby/
   */
  hincrby(key: string, field: Value, by: Integer): Ret<M, Int<M>>;

  /**
   * Adds `by` (a number, or its text) to the decimal number in a field, which starts at 0 if the field does not exist.
   * Returns the sum as text, computed exactly in decimal and rounded to 17 digits after the point. O(1).
   *
   * Errors: `invalid-value`, and nothing changes, if the value or the sum is not a finite number.
   *
   * @see https://redis.io/docs/latest/commands/hincrbyfloat/
   */
  hincrbyfloat(key: string, field: Value, by: number | string): Ret<M, string>;

  /**
   * Sets a field if it does not exist. Returns whether it was written. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hsetnx/
   */
  hsetnx(key: string, field: Value, value: In<M>): Ret<M, boolean>;

  /**
   * Returns a random field; `null` when there is no hash. With a count, returns up to that many distinct fields; with a
   * negative count, exactly that many, which may repeat. `withValues` adds the values. O(count).
   *
   * @see https://redis.io/docs/latest/commands/hrandfield/
   */
  hrandfield(key: string, options?: Own): Ret<M, string | null>;
  hrandfield<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  hrandfield(
    key: string,
    count: Integer,
    options?: Own & { readonly withValues?: false | undefined },
  ): Ret<M, string[]>;
  hrandfield<F extends RawForm>(
    key: string,
    count: Integer,
    options: As<F> & { readonly withValues?: false | undefined },
  ): Ret<M, Raw<F>[]>;
  hrandfield<V extends Out<M> = Out<M>>(
    key: string,
    count: Integer,
    options: Own & { readonly withValues: true },
  ): Ret<M, [string, V][]>;
  hrandfield<F extends RawForm>(
    key: string,
    count: Integer,
    options: As<F> & { readonly withValues: true },
  ): Ret<M, [Raw<F>, Raw<F>][]>;

  /**
   * Returns one page of a hash's fields and values, like `scan`. `hscanIterator` reads all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page returned.
   *
   * @see https://redis.io/docs/latest/commands/hscan/
   */
  hscan<V extends Out<M> = Out<M>>(
    key: string,
    cursor: string,
    options?: MatchOptions & Own,
  ): Ret<M, EntryPage<string, V>>;
  hscan<F extends RawForm>(
    key: string,
    cursor: string,
    options: MatchOptions & As<F>,
  ): Ret<M, EntryPage<Raw<F>>>;
}

const WITH_VALUES = named({ withValues: yes });

/** @internal How each of them is done. */
export const hashes = {
  hset: (op) =>
    function (name, field, given) {
      arity(op, arguments.length, 2, 3);
      const command = ["HSET", key(op, "key", name)];
      const { encode } = this.codec;
      if (arguments.length === 2)
        return this.send(op, [...command, ...pairs(op, "field", field, value, encode)], count);
      return this.send(op, [...command, value(op, "field", field), encode(op, "value", given)], flag);
    },
  hget: operation({ key, field: value }, "valueOrNull"),
  hmget: variadic({ key }, "field", value, "values"),
  hgetall: operation({ key }, "object"),
  hdel: variadic({ key }, "field", value, count),
  hexists: operation({ key, field: value }, flag),
  hlen: operation({ key }, count),
  hkeys: operation({ key }, "fields"),
  hvals: operation({ key }, "values"),
  hstrlen: operation({ key, field: value }, count),
  hincrby: operation({ key, field: value, by: integer }, sumReply),
  hincrbyfloat: operation({ key, field: value, by: decimal }, asText.value),
  hsetnx: operation({ key, field: value, value: content }, flag),
  hrandfield: (op) => {
    const fields = some("fieldOrNull", "fields", WITH_VALUES)(op);
    const entries = operation({ key, count: integer }, "pairs", WITH_VALUES)(op);
    return function (...given) {
      const { withValues } = (given[2] ?? {}) as { withValues?: unknown };
      return (withValues ? entries : fields).apply(this, given);
    };
  },
  hscan: operation({ key, cursor: text }, "entryPage", named({ match: value, count: integer })),
} satisfies Record<keyof Hashes<Mode>, Operation>;
