// Sets: distinct members under one key.

import {
  arity,
  type Integer,
  integer,
  isOptions,
  key,
  list,
  options,
  splitOptions,
  type Value,
  value,
} from "../arguments.js";
import { invalidArgument } from "../errors.js";
import type { Mode, Ret } from "../mode.js";
import { count, flag, flags, form, type MemberPage } from "../replies.js";
import type { AsBytes, AsText, MatchOptions } from "./commands.js";
import { Hashes, scanWords } from "./hashes.js";

/**
 * Operations on sets. Members come in no particular order. A set that loses its last member is gone; a missing set counts
 * as an empty one. All answer `wrong-type` for a key that holds something else.
 */
export abstract class Sets<M extends Mode> extends Hashes<M> {
  /**
   * Adds members. Makes the set if there is none; keeps its deadline. Gives how many of them are new. O(1) each.
   *
   * Errors: `invalid-argument` for no members.
   *
   * @see https://redis.io/docs/latest/commands/sadd/
   */
  sadd(name: string, ...members: Value[]): Ret<M, number>;
  sadd(name: string, members: readonly Value[]): Ret<M, number>;
  sadd(name: unknown, ...members: unknown[]): unknown {
    arity("sadd", arguments.length, 2, Number.POSITIVE_INFINITY);
    return this.send(
      "sadd",
      ["SADD", key("sadd", "key", name), ...list("sadd", "member", members, value)],
      count,
    );
  }

  /**
   * Removes members and gives how many there were. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/srem/
   */
  srem(name: string, ...members: Value[]): Ret<M, number>;
  srem(name: string, members: readonly Value[]): Ret<M, number>;
  srem(name: unknown, ...members: unknown[]): unknown {
    arity("srem", arguments.length, 1, Number.POSITIVE_INFINITY);
    return this.send(
      "srem",
      ["SREM", key("srem", "key", name), ...list("srem", "member", members, value)],
      count,
    );
  }

  /**
   * All members. O(members).
   *
   * @see https://redis.io/docs/latest/commands/smembers/
   */
  smembers(name: string, given?: AsText): Ret<M, string[]>;
  smembers(name: string, given: AsBytes): Ret<M, Uint8Array[]>;
  smembers(name: unknown, given?: unknown): unknown {
    arity("smembers", arguments.length, 1, 2);
    const { as } = options<AsText>("smembers", given, ["as"]);
    return this.send("smembers", ["SMEMBERS", key("smembers", "key", name)], form("smembers", as).values);
  }

  /**
   * Whether a member is there. O(1).
   *
   * @see https://redis.io/docs/latest/commands/sismember/
   */
  sismember(name: string, member: Value): Ret<M, boolean> {
    const op = "sismember";
    arity(op, arguments.length, 2);
    return this.send(op, ["SISMEMBER", key(op, "key", name), value(op, "member", member)], flag);
  }

  /**
   * Which of the members are there, in their order. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/smismember/
   */
  smismember(name: string, ...members: Value[]): Ret<M, boolean[]>;
  smismember(name: string, members: readonly Value[]): Ret<M, boolean[]>;
  smismember(name: unknown, ...members: unknown[]): unknown {
    const op = "smismember";
    arity(op, arguments.length, 1, Number.POSITIVE_INFINITY);
    return this.send(op, ["SMISMEMBER", key(op, "key", name), ...list(op, "member", members, value)], flags);
  }

  /**
   * How many members a set has. O(1).
   *
   * @see https://redis.io/docs/latest/commands/scard/
   */
  scard(name: string): Ret<M, number> {
    arity("scard", arguments.length, 1);
    return this.send("scard", ["SCARD", key("scard", "key", name)], count);
  }

  /**
   * Takes some member, each as likely as another, and gives it; `null` when there is none. With a count: takes up to so many
   * and gives them. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/spop/
   */
  spop(name: string, given?: AsText): Ret<M, string | null>;
  spop(name: string, given: AsBytes): Ret<M, Uint8Array | null>;
  spop(name: string, many: Integer, given?: AsText): Ret<M, string[]>;
  spop(name: string, many: Integer, given: AsBytes): Ret<M, Uint8Array[]>;
  spop(name: unknown, ...given: unknown[]): unknown {
    arity("spop", arguments.length, 1, 3);
    return this.#some("spop", name, given);
  }

  /**
   * Some member, each as likely as another; `null` when there is none. With a count: up to so many distinct members; with a
   * negative one, exactly so many, of which some may repeat. O(count).
   *
   * @see https://redis.io/docs/latest/commands/srandmember/
   */
  srandmember(name: string, given?: AsText): Ret<M, string | null>;
  srandmember(name: string, given: AsBytes): Ret<M, Uint8Array | null>;
  srandmember(name: string, many: Integer, given?: AsText): Ret<M, string[]>;
  srandmember(name: string, many: Integer, given: AsBytes): Ret<M, Uint8Array[]>;
  srandmember(name: unknown, ...given: unknown[]): unknown {
    arity("srandmember", arguments.length, 1, 3);
    return this.#some("srandmember", name, given);
  }

  #some(op: "spop" | "srandmember", name: unknown, given: unknown[]): unknown {
    const [many, chosen] = isOptions(given[0]) ? [undefined, given[0]] : given;
    const { as } = options<AsText>(op, chosen, ["as"]);
    const command = [op.toUpperCase(), key(op, "key", name)];
    if (many === undefined) return this.send(op, command, form(op, as).valueOrNull);
    return this.send(op, [...command, integer(op, "count", many)], form(op, as).values);
  }

  /**
   * Moves a member from one set to another. Gives whether it was there to be moved. O(1).
   *
   * @see https://redis.io/docs/latest/commands/smove/
   */
  smove(from: string, to: string, member: Value): Ret<M, boolean> {
    const op = "smove";
    arity(op, arguments.length, 3);
    return this.send(
      op,
      ["SMOVE", key(op, "from", from), key(op, "to", to), value(op, "member", member)],
      flag,
    );
  }

  /**
   * The members that are in all of the sets. O(members of the smallest, times the number of sets).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sinter/
   */
  sinter(...keys: string[]): Ret<M, string[]>;
  sinter(keys: readonly string[], given?: AsText): Ret<M, string[]>;
  sinter(keys: readonly string[], given: AsBytes): Ret<M, Uint8Array[]>;
  sinter(...given: [...keys: string[], given: AsBytes]): Ret<M, Uint8Array[]>;
  sinter(...given: unknown[]): unknown {
    return this.#combine("sinter", given);
  }

  /**
   * The members that are in any of the sets. O(members of all).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sunion/
   */
  sunion(...keys: string[]): Ret<M, string[]>;
  sunion(keys: readonly string[], given?: AsText): Ret<M, string[]>;
  sunion(keys: readonly string[], given: AsBytes): Ret<M, Uint8Array[]>;
  sunion(...given: [...keys: string[], given: AsBytes]): Ret<M, Uint8Array[]>;
  sunion(...given: unknown[]): unknown {
    return this.#combine("sunion", given);
  }

  /**
   * The members of the first set that are in none of the others. O(members of all).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sdiff/
   */
  sdiff(...keys: string[]): Ret<M, string[]>;
  sdiff(keys: readonly string[], given?: AsText): Ret<M, string[]>;
  sdiff(keys: readonly string[], given: AsBytes): Ret<M, Uint8Array[]>;
  sdiff(...given: [...keys: string[], given: AsBytes]): Ret<M, Uint8Array[]>;
  sdiff(...given: unknown[]): unknown {
    return this.#combine("sdiff", given);
  }

  #combine(op: "sinter" | "sunion" | "sdiff", given: readonly unknown[]): unknown {
    const [keys, last] = splitOptions(given);
    const { as } = options<AsText>(op, last, ["as"]);
    return this.send(op, [op.toUpperCase(), ...list(op, "key", keys, key)], form(op, as).values);
  }

  /**
   * Writes what `sinter` gives to the key `to`, over whatever it holds; nothing to write removes it. Gives how many members
   * there are.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sinterstore/
   */
  sinterStore(to: string, ...keys: string[]): Ret<M, number>;
  sinterStore(to: string, keys: readonly string[]): Ret<M, number>;
  sinterStore(to: unknown, ...keys: unknown[]): unknown {
    return this.send("sinterStore", storeWords("sinterStore", "SINTERSTORE", to, keys), count);
  }

  /**
   * Writes what `sunion` gives to the key `to`, over whatever it holds; nothing to write removes it. Gives how many members
   * there are.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sunionstore/
   */
  sunionStore(to: string, ...keys: string[]): Ret<M, number>;
  sunionStore(to: string, keys: readonly string[]): Ret<M, number>;
  sunionStore(to: unknown, ...keys: unknown[]): unknown {
    return this.send("sunionStore", storeWords("sunionStore", "SUNIONSTORE", to, keys), count);
  }

  /**
   * Writes what `sdiff` gives to the key `to`, over whatever it holds; nothing to write removes it. Gives how many members
   * there are.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sdiffstore/
   */
  sdiffStore(to: string, ...keys: string[]): Ret<M, number>;
  sdiffStore(to: string, keys: readonly string[]): Ret<M, number>;
  sdiffStore(to: unknown, ...keys: unknown[]): unknown {
    return this.send("sdiffStore", storeWords("sdiffStore", "SDIFFSTORE", to, keys), count);
  }

  /**
   * How many members `sinter` would give, counted no further than `limit`; 0 or none: no limit.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sintercard/
   */
  sinterCard(...keys: string[]): Ret<M, number>;
  sinterCard(keys: readonly string[], given?: { readonly limit?: Integer | undefined }): Ret<M, number>;
  sinterCard(...given: unknown[]): unknown {
    const op = "sinterCard";
    const [keys, last] = splitOptions(given);
    const { limit } = options<{ limit: Integer }>(op, last, ["limit"]);
    const names = list(op, "key", keys, key);
    if (names.length === 0) throw invalidArgument(op, "(keys) expects at least one key");
    const command = ["SINTERCARD", String(names.length), ...names];
    if (limit !== undefined) command.push("LIMIT", integer(op, "limit", limit));
    return this.send(op, command, count);
  }

  /**
   * One page of the members: as `scan`, within one set. `sscanIterator` goes through all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page gave.
   *
   * @see https://redis.io/docs/latest/commands/sscan/
   */
  sscan(name: string, cursor: string, given?: MatchOptions & AsText): Ret<M, MemberPage>;
  sscan(name: string, cursor: string, given: MatchOptions & AsBytes): Ret<M, MemberPage<Uint8Array>>;
  sscan(name: unknown, cursor: unknown, given?: unknown): unknown {
    arity("sscan", arguments.length, 2, 3);
    const [command, as] = scanWords("sscan", name, cursor, given);
    return this.send("sscan", command, form("sscan", as).memberPage);
  }
}

function storeWords(op: string, word: string, to: unknown, keys: readonly unknown[]) {
  return [word, key(op, "to", to), ...list(op, "key", keys, key)];
}
