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
  type Several,
} from "../arguments.js";
import { invalidArgument } from "../errors.js";
import type { In, Mode, Out, Ret } from "../mode.js";
import { count, flag, flags, type MemberPage } from "../replies.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "./commands.js";
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
  sadd(name: string, ...members: Several<In<M>>): Ret<M, number>;
  sadd(name: string, members: readonly In<M>[]): Ret<M, number>;
  sadd(name: unknown, ...members: unknown[]): unknown {
    arity("sadd", arguments.length, 2, Number.POSITIVE_INFINITY);
    return this.send(
      "sadd",
      ["SADD", key("sadd", "key", name), ...list("sadd", "member", members, this.codec.encode)],
      count,
    );
  }

  /**
   * Removes members and gives how many there were. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/srem/
   */
  srem(name: string, ...members: Several<In<M>>): Ret<M, number>;
  srem(name: string, members: readonly In<M>[]): Ret<M, number>;
  srem(name: unknown, ...members: unknown[]): unknown {
    arity("srem", arguments.length, 1, Number.POSITIVE_INFINITY);
    return this.send(
      "srem",
      ["SREM", key("srem", "key", name), ...list("srem", "member", members, this.codec.encode)],
      count,
    );
  }

  /**
   * All members. O(members).
   *
   * @see https://redis.io/docs/latest/commands/smembers/
   */
  smembers<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V[]>;
  smembers<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F>[]>;
  smembers(name: unknown, given?: unknown): unknown {
    arity("smembers", arguments.length, 1, 2);
    const { as } = options<{ as: unknown }>("smembers", given, ["as"]);
    return this.send(
      "smembers",
      ["SMEMBERS", key("smembers", "key", name)],
      this.form("smembers", as).values,
    );
  }

  /**
   * Whether a member is there. O(1).
   *
   * @see https://redis.io/docs/latest/commands/sismember/
   */
  sismember(name: string, member: In<M>): Ret<M, boolean> {
    const op = "sismember";
    arity(op, arguments.length, 2);
    return this.send(op, ["SISMEMBER", key(op, "key", name), this.codec.encode(op, "member", member)], flag);
  }

  /**
   * Which of the members are there, in their order. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/smismember/
   */
  smismember(name: string, ...members: Several<In<M>>): Ret<M, boolean[]>;
  smismember(name: string, members: readonly In<M>[]): Ret<M, boolean[]>;
  smismember(name: unknown, ...members: unknown[]): unknown {
    const op = "smismember";
    arity(op, arguments.length, 1, Number.POSITIVE_INFINITY);
    return this.send(
      op,
      ["SMISMEMBER", key(op, "key", name), ...list(op, "member", members, this.codec.encode)],
      flags,
    );
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
  spop<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V | null>;
  spop<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  spop<V extends Out<M> = Out<M>>(name: string, many: Integer, given?: Own): Ret<M, V[]>;
  spop<F extends RawForm>(name: string, many: Integer, given: As<F>): Ret<M, Raw<F>[]>;
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
  srandmember<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V | null>;
  srandmember<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  srandmember<V extends Out<M> = Out<M>>(name: string, many: Integer, given?: Own): Ret<M, V[]>;
  srandmember<F extends RawForm>(name: string, many: Integer, given: As<F>): Ret<M, Raw<F>[]>;
  srandmember(name: unknown, ...given: unknown[]): unknown {
    arity("srandmember", arguments.length, 1, 3);
    return this.#some("srandmember", name, given);
  }

  #some(op: "spop" | "srandmember", name: unknown, given: unknown[]): unknown {
    const [many, chosen] = isOptions(given[0]) ? [undefined, given[0]] : given;
    const { as } = options<{ as: unknown }>(op, chosen, ["as"]);
    const command = [op.toUpperCase(), key(op, "key", name)];
    if (many === undefined) return this.send(op, command, this.form(op, as).valueOrNull);
    return this.send(op, [...command, integer(op, "count", many)], this.form(op, as).values);
  }

  /**
   * Moves a member from one set to another. Gives whether it was there to be moved. O(1).
   *
   * @see https://redis.io/docs/latest/commands/smove/
   */
  smove(from: string, to: string, member: In<M>): Ret<M, boolean> {
    const op = "smove";
    arity(op, arguments.length, 3);
    return this.send(
      op,
      ["SMOVE", key(op, "from", from), key(op, "to", to), this.codec.encode(op, "member", member)],
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
  sinter<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sinter<V extends Out<M> = Out<M>>(keys: readonly string[], given?: Own): Ret<M, V[]>;
  sinter<F extends RawForm>(keys: readonly string[], given: As<F>): Ret<M, Raw<F>[]>;
  sinter<F extends RawForm>(...given: [...keys: string[], given: As<F>]): Ret<M, Raw<F>[]>;
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
  sunion<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sunion<V extends Out<M> = Out<M>>(keys: readonly string[], given?: Own): Ret<M, V[]>;
  sunion<F extends RawForm>(keys: readonly string[], given: As<F>): Ret<M, Raw<F>[]>;
  sunion<F extends RawForm>(...given: [...keys: string[], given: As<F>]): Ret<M, Raw<F>[]>;
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
  sdiff<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sdiff<V extends Out<M> = Out<M>>(keys: readonly string[], given?: Own): Ret<M, V[]>;
  sdiff<F extends RawForm>(keys: readonly string[], given: As<F>): Ret<M, Raw<F>[]>;
  sdiff<F extends RawForm>(...given: [...keys: string[], given: As<F>]): Ret<M, Raw<F>[]>;
  sdiff(...given: unknown[]): unknown {
    return this.#combine("sdiff", given);
  }

  #combine(op: "sinter" | "sunion" | "sdiff", given: readonly unknown[]): unknown {
    const [keys, last] = splitOptions(given);
    const { as } = options<{ as: unknown }>(op, last, ["as"]);
    return this.send(op, [op.toUpperCase(), ...list(op, "key", keys, key)], this.form(op, as).values);
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
  sscan<V extends Out<M> = Out<M>>(
    name: string,
    cursor: string,
    given?: MatchOptions & Own,
  ): Ret<M, MemberPage<V>>;
  sscan<F extends RawForm>(
    name: string,
    cursor: string,
    given: MatchOptions & As<F>,
  ): Ret<M, MemberPage<Raw<F>>>;
  sscan(name: unknown, cursor: unknown, given?: unknown): unknown {
    arity("sscan", arguments.length, 2, 3);
    const [command, as] = scanWords("sscan", name, cursor, given);
    return this.send("sscan", command, this.form("sscan", as).memberPage);
  }
}

function storeWords(op: string, word: string, to: unknown, keys: readonly unknown[]) {
  return [word, key(op, "to", to), ...list(op, "key", keys, key)];
}
