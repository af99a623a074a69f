// Hashes: fields, each with a value, under one key.

import {
  arity,
  decimal,
  type Integer,
  integer,
  isOptions,
  key,
  list,
  options,
  type Pairs,
  pairs,
  splitOptions,
  text,
  type Value,
  value,
  yes,
} from "../arguments.js";
import type { In, Mode, Out, Ret } from "../mode.js";
import { text as asText, count, type EntryPage, flag, integer as integerReply } from "../replies.js";
import type { Argument } from "../wire.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "./commands.js";
import { Lists } from "./lists.js";

/**
 * Operations on hashes. Fields come in no particular order. A hash that loses its last field is gone. All answer
 * `wrong-type` for a key that holds something else.
 */
export abstract class Hashes<M extends Mode> extends Lists<M> {
  /**
   * Writes a field. Makes the hash if there is none; keeps its deadline. Gives whether the field is new; of many (an
   * object, a Map or pairs), which are written in one step, how many are new. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hset/
   */
  hset(name: string, field: Value, content: In<M>): Ret<M, boolean>;
  hset(name: string, fields: Pairs<In<M>>): Ret<M, number>;
  hset(name: unknown, field: unknown, content?: unknown): unknown {
    arity("hset", arguments.length, 2, 3);
    const command = ["HSET", key("hset", "key", name)];
    if (arguments.length === 2)
      return this.send(
        "hset",
        [...command, ...pairs("hset", "field", field, value, this.codec.encode)],
        count,
      );
    return this.send(
      "hset",
      [...command, value("hset", "field", field), this.codec.encode("hset", "value", content)],
      flag,
    );
  }

  /**
   * The value of a field; `null` when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hget/
   */
  hget<V extends Out<M> = Out<M>>(name: string, field: Value, given?: Own): Ret<M, V | null>;
  hget<F extends RawForm>(name: string, field: Value, given: As<F>): Ret<M, Raw<F> | null>;
  hget(name: unknown, field: unknown, given?: unknown): unknown {
    arity("hget", arguments.length, 2, 3);
    const { as } = options<{ as: unknown }>("hget", given, ["as"]);
    const command = ["HGET", key("hget", "key", name), value("hget", "field", field)];
    return this.send("hget", command, this.form("hget", as).valueOrNull);
  }

  /**
   * The values of fields, in their order: `null` for one that is not there. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hmget/
   */
  hmget<V extends Out<M> = Out<M>>(name: string, ...fields: Value[]): Ret<M, (V | null)[]>;
  hmget<V extends Out<M> = Out<M>>(name: string, fields: readonly Value[], given?: Own): Ret<M, (V | null)[]>;
  hmget<F extends RawForm>(name: string, fields: readonly Value[], given: As<F>): Ret<M, (Raw<F> | null)[]>;
  hmget<F extends RawForm>(
    name: string,
    ...given: [...fields: Value[], given: As<F>]
  ): Ret<M, (Raw<F> | null)[]>;
  hmget(name: unknown, ...given: unknown[]): unknown {
    arity("hmget", arguments.length, 1, Number.POSITIVE_INFINITY);
    const [fields, last] = splitOptions(given);
    const { as } = options<{ as: unknown }>("hmget", last, ["as"]);
    const command = ["HMGET", key("hmget", "key", name), ...list("hmget", "field", fields, value)];
    return this.send("hmget", command, this.form("hmget", as).valuesWithGaps);
  }

  /**
   * All fields with their values; none when there is no hash. They come as an object without prototype. O(fields).
   *
   * Errors: `invalid-value` when a field is not UTF-8; `hscan` with `{ as: "bytes" }` reads it.
   *
   * @see https://redis.io/docs/latest/commands/hgetall/
   */
  hgetall<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, Record<string, V>>;
  hgetall<F extends RawForm>(name: string, given: As<F>): Ret<M, Record<string, Raw<F>>>;
  hgetall(name: unknown, given?: unknown): unknown {
    arity("hgetall", arguments.length, 1, 2);
    const { as } = options<{ as: unknown }>("hgetall", given, ["as"]);
    return this.send("hgetall", ["HGETALL", key("hgetall", "key", name)], this.form("hgetall", as).object);
  }

  /**
   * Removes fields and gives how many there were. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hdel/
   */
  hdel(name: string, ...fields: Value[]): Ret<M, number>;
  hdel(name: string, fields: readonly Value[]): Ret<M, number>;
  hdel(name: unknown, ...fields: unknown[]): unknown {
    arity("hdel", arguments.length, 1, Number.POSITIVE_INFINITY);
    return this.send(
      "hdel",
      ["HDEL", key("hdel", "key", name), ...list("hdel", "field", fields, value)],
      count,
    );
  }

  /**
   * Whether a field is there. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hexists/
   */
  hexists(name: string, field: Value): Ret<M, boolean> {
    const op = "hexists";
    arity(op, arguments.length, 2);
    return this.send(op, ["HEXISTS", key(op, "key", name), value(op, "field", field)], flag);
  }

  /**
   * How many fields a hash has; 0 when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hlen/
   */
  hlen(name: string): Ret<M, number> {
    arity("hlen", arguments.length, 1);
    return this.send("hlen", ["HLEN", key("hlen", "key", name)], count);
  }

  /**
   * All fields; none when there is no hash. O(fields).
   *
   * @see https://redis.io/docs/latest/commands/hkeys/
   */
  hkeys(name: string, given?: Own): Ret<M, string[]>;
  hkeys<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F>[]>;
  hkeys(name: unknown, given?: unknown): unknown {
    arity("hkeys", arguments.length, 1, 2);
    const { as } = options<{ as: unknown }>("hkeys", given, ["as"]);
    return this.send("hkeys", ["HKEYS", key("hkeys", "key", name)], this.form("hkeys", as).fields);
  }

  /**
   * The values of all fields; none when there is no hash. O(fields).
   *
   * @see https://redis.io/docs/latest/commands/hvals/
   */
  hvals<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V[]>;
  hvals<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F>[]>;
  hvals(name: unknown, given?: unknown): unknown {
    arity("hvals", arguments.length, 1, 2);
    const { as } = options<{ as: unknown }>("hvals", given, ["as"]);
    return this.send("hvals", ["HVALS", key("hvals", "key", name)], this.form("hvals", as).values);
  }

  /**
   * The length of a field's value in bytes; 0 when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hstrlen/
   */
  hstrlen(name: string, field: Value): Ret<M, number> {
    const op = "hstrlen";
    arity(op, arguments.length, 2);
    return this.send(op, ["HSTRLEN", key(op, "key", name), value(op, "field", field)], count);
  }

  /**
   * Adds `by` to the integer that a field's value spells, 0 when there is none, and gives the sum. That is a number, or a
   * bigint beyond 2^53. O(1).
   *
   * Errors: `invalid-value`, and no change, when the value is no signed 64-bit integer or the sum would be none.
   *
   * @see https://redis.io/docs/latest/commands/hincrby/
   */
  hincrBy(name: string, field: Value, by: Integer): Ret<M, Integer> {
    const op = "hincrBy";
    arity(op, arguments.length, 3);
    const command = ["HINCRBY", key(op, "key", name), value(op, "field", field), integer(op, "by", by)];
    return this.send(op, command, integerReply);
  }

  /**
   * Adds `by` (a number, or the text of one) to the decimal number that a field's value spells, 0 when there is none. Gives
   * the sum as text: computed in decimal, not in binary, and rounded to 17 digits after the point. O(1).
   *
   * Errors: `invalid-value`, and no change, when the value or the sum is no finite number.
   *
   * @see https://redis.io/docs/latest/commands/hincrbyfloat/
   */
  hincrByFloat(name: string, field: Value, by: number | string): Ret<M, string> {
    const op = "hincrByFloat";
    arity(op, arguments.length, 3);
    const command = ["HINCRBYFLOAT", key(op, "key", name), value(op, "field", field), decimal(op, "by", by)];
    return this.send(op, command, asText.value);
  }

  /**
   * Writes a field if it is not there. Gives whether it was written. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hsetnx/
   */
  hsetNx(name: string, field: Value, content: In<M>): Ret<M, boolean> {
    const op = "hsetNx";
    arity(op, arguments.length, 3);
    const command = [
      "HSETNX",
      key(op, "key", name),
      value(op, "field", field),
      this.codec.encode(op, "value", content),
    ];
    return this.send(op, command, flag);
  }

  /**
   * Some field, each as likely as another; `null` when there is no hash. With a count: up to so many distinct fields; with
   * a negative one, exactly so many, of which some may repeat; `withValues` gives each with its value. O(count).
   *
   * @see https://redis.io/docs/latest/commands/hrandfield/
   */
  hrandField(name: string, given?: Own): Ret<M, string | null>;
  hrandField<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  hrandField(
    name: string,
    many: Integer,
    given?: Own & { readonly withValues?: false | undefined },
  ): Ret<M, string[]>;
  hrandField<F extends RawForm>(
    name: string,
    many: Integer,
    given: As<F> & { readonly withValues?: false | undefined },
  ): Ret<M, Raw<F>[]>;
  hrandField<V extends Out<M> = Out<M>>(
    name: string,
    many: Integer,
    given: Own & { readonly withValues: true },
  ): Ret<M, [string, V][]>;
  hrandField<F extends RawForm>(
    name: string,
    many: Integer,
    given: As<F> & { readonly withValues: true },
  ): Ret<M, [Raw<F>, Raw<F>][]>;
  hrandField(name: unknown, ...given: unknown[]): unknown {
    const op = "hrandField";
    arity(op, arguments.length, 1, 3);
    const [many, chosen] = isOptions(given[0]) ? [undefined, given[0]] : given;
    const known = many === undefined ? (["as"] as const) : (["as", "withValues"] as const);
    const { as, withValues } = options<{ as: unknown; withValues: boolean }>(op, chosen, known);
    const command = ["HRANDFIELD", key(op, "key", name)];
    if (many === undefined) return this.send(op, command, this.form(op, as).fieldOrNull);
    command.push(integer(op, "count", many));
    if (!yes(op, "withValues", withValues)) return this.send(op, command, this.form(op, as).fields);
    return this.send(op, [...command, "WITHVALUES"], this.form(op, as).pairs);
  }

  /**
   * One page of the fields and their values: as `scan`, within one hash. `hscanIterator` goes through all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page gave.
   *
   * @see https://redis.io/docs/latest/commands/hscan/
   */
  hscan<V extends Out<M> = Out<M>>(
    name: string,
    cursor: string,
    given?: MatchOptions & Own,
  ): Ret<M, EntryPage<string, V>>;
  hscan<F extends RawForm>(
    name: string,
    cursor: string,
    given: MatchOptions & As<F>,
  ): Ret<M, EntryPage<Raw<F>>>;
  hscan(name: unknown, cursor: unknown, given?: unknown): unknown {
    arity("hscan", arguments.length, 2, 3);
    const [command, as] = scanWords("hscan", name, cursor, given);
    return this.send("hscan", command, this.form("hscan", as).entryPage);
  }
}

/** @internal The words of `hscan` and `sscan`, and the form of value that is asked for. */
export function scanWords(op: "hscan" | "sscan", name: unknown, cursor: unknown, given: unknown) {
  const { match, count, as } = options<MatchOptions & { as: unknown }>(op, given, ["match", "count", "as"]);
  const command: Argument[] = [op.toUpperCase(), key(op, "key", name), text(op, "cursor", cursor)];
  if (match !== undefined) command.push("MATCH", value(op, "match", match));
  if (count !== undefined) command.push("COUNT", integer(op, "count", count));
  return [command, as] as const;
}
