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
import type { Mode, Ret } from "../mode.js";
import { text as asText, count, type EntryPage, flag, form, integer as integerReply } from "../replies.js";
import type { Argument } from "../wire.js";
import type { AsBytes, AsText, MatchOptions } from "./commands.js";
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
  hset(name: string, field: Value, content: Value): Ret<M, boolean>;
  hset(name: string, fields: Pairs): Ret<M, number>;
  hset(name: unknown, field: unknown, content?: unknown): unknown {
    arity("hset", arguments.length, 2, 3);
    const command = ["HSET", key("hset", "key", name)];
    if (arguments.length === 2)
      return this.send("hset", [...command, ...pairs("hset", "field", field, value)], count);
    return this.send(
      "hset",
      [...command, value("hset", "field", field), value("hset", "value", content)],
      flag,
    );
  }

  /**
   * The value of a field; `null` when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/hget/
   */
  hget(name: string, field: Value, given?: AsText): Ret<M, string | null>;
  hget(name: string, field: Value, given: AsBytes): Ret<M, Uint8Array | null>;
  hget(name: unknown, field: unknown, given?: unknown): unknown {
    arity("hget", arguments.length, 2, 3);
    const { as } = options<AsText>("hget", given, ["as"]);
    const command = ["HGET", key("hget", "key", name), value("hget", "field", field)];
    return this.send("hget", command, form("hget", as).valueOrNull);
  }

  /**
   * The values of fields, in their order: `null` for one that is not there. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/hmget/
   */
  hmget(name: string, ...fields: Value[]): Ret<M, (string | null)[]>;
  hmget(name: string, fields: readonly Value[], given?: AsText): Ret<M, (string | null)[]>;
  hmget(name: string, fields: readonly Value[], given: AsBytes): Ret<M, (Uint8Array | null)[]>;
  hmget(name: string, ...given: [...fields: Value[], given: AsBytes]): Ret<M, (Uint8Array | null)[]>;
  hmget(name: unknown, ...given: unknown[]): unknown {
    arity("hmget", arguments.length, 1, Number.POSITIVE_INFINITY);
    const [fields, last] = splitOptions(given);
    const { as } = options<AsText>("hmget", last, ["as"]);
    const command = ["HMGET", key("hmget", "key", name), ...list("hmget", "field", fields, value)];
    return this.send("hmget", command, form("hmget", as).valuesWithGaps);
  }

  /**
   * All fields with their values; none when there is no hash. They come as an object without prototype. O(fields).
   *
   * Errors: `invalid-value` when a field is not UTF-8; `hscan` with `{ as: "bytes" }` reads it.
   *
   * @see https://redis.io/docs/latest/commands/hgetall/
   */
  hgetall(name: string, given?: AsText): Ret<M, Record<string, string>>;
  hgetall(name: string, given: AsBytes): Ret<M, Record<string, Uint8Array>>;
  hgetall(name: unknown, given?: unknown): unknown {
    arity("hgetall", arguments.length, 1, 2);
    const { as } = options<AsText>("hgetall", given, ["as"]);
    return this.send("hgetall", ["HGETALL", key("hgetall", "key", name)], form("hgetall", as).object);
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
  hkeys(name: string, given?: AsText): Ret<M, string[]>;
  hkeys(name: string, given: AsBytes): Ret<M, Uint8Array[]>;
  hkeys(name: unknown, given?: unknown): unknown {
    arity("hkeys", arguments.length, 1, 2);
    const { as } = options<AsText>("hkeys", given, ["as"]);
    return this.send("hkeys", ["HKEYS", key("hkeys", "key", name)], form("hkeys", as).values);
  }

  /**
   * The values of all fields; none when there is no hash. O(fields).
   *
   * @see https://redis.io/docs/latest/commands/hvals/
   */
  hvals(name: string, given?: AsText): Ret<M, string[]>;
  hvals(name: string, given: AsBytes): Ret<M, Uint8Array[]>;
  hvals(name: unknown, given?: unknown): unknown {
    arity("hvals", arguments.length, 1, 2);
    const { as } = options<AsText>("hvals", given, ["as"]);
    return this.send("hvals", ["HVALS", key("hvals", "key", name)], form("hvals", as).values);
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
  hsetNx(name: string, field: Value, content: Value): Ret<M, boolean> {
    const op = "hsetNx";
    arity(op, arguments.length, 3);
    const command = ["HSETNX", key(op, "key", name), value(op, "field", field), value(op, "value", content)];
    return this.send(op, command, flag);
  }

  /**
   * Some field, each as likely as another; `null` when there is no hash. With a count: up to so many distinct fields; with
   * a negative one, exactly so many, of which some may repeat; `withValues` gives each with its value. O(count).
   *
   * @see https://redis.io/docs/latest/commands/hrandfield/
   */
  hrandField(name: string, given?: AsText): Ret<M, string | null>;
  hrandField(name: string, given: AsBytes): Ret<M, Uint8Array | null>;
  hrandField(
    name: string,
    many: Integer,
    given?: AsText & { readonly withValues?: false | undefined },
  ): Ret<M, string[]>;
  hrandField(
    name: string,
    many: Integer,
    given: AsBytes & { readonly withValues?: false | undefined },
  ): Ret<M, Uint8Array[]>;
  hrandField(
    name: string,
    many: Integer,
    given: AsText & { readonly withValues: true },
  ): Ret<M, [string, string][]>;
  hrandField(
    name: string,
    many: Integer,
    given: AsBytes & { readonly withValues: true },
  ): Ret<M, [Uint8Array, Uint8Array][]>;
  hrandField(name: unknown, ...given: unknown[]): unknown {
    const op = "hrandField";
    arity(op, arguments.length, 1, 3);
    const [many, chosen] = isOptions(given[0]) ? [undefined, given[0]] : given;
    const known = many === undefined ? (["as"] as const) : (["as", "withValues"] as const);
    const { as, withValues } = options<AsText & { withValues: boolean }>(op, chosen, known);
    const command = ["HRANDFIELD", key(op, "key", name)];
    if (many === undefined) return this.send(op, command, form(op, as).valueOrNull);
    command.push(integer(op, "count", many));
    if (!yes(op, "withValues", withValues)) return this.send(op, command, form(op, as).values);
    return this.send(op, [...command, "WITHVALUES"], form(op, as).pairs);
  }

  /**
   * One page of the fields and their values: as `scan`, within one hash. `hscanIterator` goes through all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page gave.
   *
   * @see https://redis.io/docs/latest/commands/hscan/
   */
  hscan(name: string, cursor: string, given?: MatchOptions & AsText): Ret<M, EntryPage>;
  hscan(name: string, cursor: string, given: MatchOptions & AsBytes): Ret<M, EntryPage<Uint8Array>>;
  hscan(name: unknown, cursor: unknown, given?: unknown): unknown {
    arity("hscan", arguments.length, 2, 3);
    const [command, as] = scanWords("hscan", name, cursor, given);
    return this.send("hscan", command, form("hscan", as).entryPage);
  }
}

/** The words of `hscan` and `sscan`, and the form of value that is asked for. */
export function scanWords(op: "hscan" | "sscan", name: unknown, cursor: unknown, given: unknown) {
  const { match, count, as } = options<MatchOptions & AsText>(op, given, ["match", "count", "as"]);
  const command: Argument[] = [op.toUpperCase(), key(op, "key", name), text(op, "cursor", cursor)];
  if (match !== undefined) command.push("MATCH", value(op, "match", match));
  if (count !== undefined) command.push("COUNT", integer(op, "count", count));
  return [command, as] as const;
}
