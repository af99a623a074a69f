// Sets: distinct members under one key.

import {
  type Integer,
  integer,
  items,
  key,
  type Several,
  splitOptions,
  text,
  value,
} from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { In, Mode, Out, Ret } from "../values/mode.js";
import { count, flag, flags, type MemberPage } from "../wire/replies.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "./commands.js";
import { content, named, type Operation, operation, run, some, variadic } from "./operation.js";

/**
 * Operations on sets. One array in the place of the members is the list of them: a member that is an array itself is
 * added by `[[1, 2]]`. Members come in no particular order. Removing the last member removes the key; a missing set
 * counts as an empty one. All fail with `wrong-type` on a key of another type.
 */
export interface Sets<M extends Mode> {
  /**
   * Adds members. Creates the set if needed and keeps its TTL. Returns how many of them are new. O(1) each.
   *
   * Errors: `invalid-argument` for no members.
   *
   * @see https://redis.io/docs/latest/commands/sadd/
   */
  sadd(key: string, ...members: Several<In<M>>): Ret<M, number>;
  sadd(key: string, members: readonly In<M>[]): Ret<M, number>;

  /**
   * Removes members and returns how many existed. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/srem/
   */
  srem(key: string, ...members: Several<In<M>>): Ret<M, number>;
  srem(key: string, members: readonly In<M>[]): Ret<M, number>;

  /**
   * Returns all members. O(members).
   *
   * @see https://redis.io/docs/latest/commands/smembers/
   */
  smembers<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V[]>;
  smembers<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns whether the set contains a member. O(1).
   *
   * @see https://redis.io/docs/latest/commands/sismember/
   */
  sismember(key: string, member: In<M>): Ret<M, boolean>;

  /**
   * Returns for each member, in order, whether the set contains it. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/smismember/
   */
  smismember(key: string, ...members: Several<In<M>>): Ret<M, boolean[]>;
  smismember(key: string, members: readonly In<M>[]): Ret<M, boolean[]>;

  /**
   * Returns the number of members. O(1).
   *
   * @see https://redis.io/docs/latest/commands/scard/
   */
  scard(key: string): Ret<M, number>;

  /**
   * Removes and returns a random member; `null` when there is none. With a count, removes and returns up to that many.
   * O(1) each.
   *
   * Errors: `invalid-value` if it cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/spop/
   */
  spop<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  spop<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  spop<V extends Out<M> = Out<M>>(key: string, count: Integer, options?: Own): Ret<M, V[]>;
  spop<F extends RawForm>(key: string, count: Integer, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns a random member; `null` when there is none. With a count, returns up to that many distinct members; with a
   * negative count, exactly that many, which may repeat. O(count).
   *
   * @see https://redis.io/docs/latest/commands/srandmember/
   */
  srandmember<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  srandmember<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  srandmember<V extends Out<M> = Out<M>>(key: string, count: Integer, options?: Own): Ret<M, V[]>;
  srandmember<F extends RawForm>(key: string, count: Integer, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Moves a member from one set to another. Returns whether the source contained it. O(1).
   *
   * @see https://redis.io/docs/latest/commands/smove/
   */
  smove(from: string, to: string, member: In<M>): Ret<M, boolean>;

  /**
   * Returns the members that are in all of the sets. O(members of the smallest, times the number of sets).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sinter/
   */
  sinter<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sinter<V extends Out<M> = Out<M>>(keys: readonly string[], options?: Own): Ret<M, V[]>;
  sinter<F extends RawForm>(keys: readonly string[], options: As<F>): Ret<M, Raw<F>[]>;
  sinter<F extends RawForm>(...keys: [...keys: string[], options: As<F>]): Ret<M, Raw<F>[]>;

  /**
   * Returns the members that are in any of the sets. O(members of all).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sunion/
   */
  sunion<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sunion<V extends Out<M> = Out<M>>(keys: readonly string[], options?: Own): Ret<M, V[]>;
  sunion<F extends RawForm>(keys: readonly string[], options: As<F>): Ret<M, Raw<F>[]>;
  sunion<F extends RawForm>(...keys: [...keys: string[], options: As<F>]): Ret<M, Raw<F>[]>;

  /**
   * Returns the members of the first set that are in none of the others. O(members of all).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sdiff/
   */
  sdiff<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  sdiff<V extends Out<M> = Out<M>>(keys: readonly string[], options?: Own): Ret<M, V[]>;
  sdiff<F extends RawForm>(keys: readonly string[], options: As<F>): Ret<M, Raw<F>[]>;
  sdiff<F extends RawForm>(...keys: [...keys: string[], options: As<F>]): Ret<M, Raw<F>[]>;

  /**
   * Stores the result of `sinter` at the key `to`, replacing any value there; an empty result deletes the key. Returns
   * the number of members.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sinterstore/
   */
  sinterstore(to: string, ...keys: string[]): Ret<M, number>;
  sinterstore(to: string, keys: readonly string[]): Ret<M, number>;

  /**
   * Stores the result of `sunion` at the key `to`, replacing any value there; an empty result deletes the key. Returns
   * the number of members.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sunionstore/
   */
  sunionstore(to: string, ...keys: string[]): Ret<M, number>;
  sunionstore(to: string, keys: readonly string[]): Ret<M, number>;

  /**
   * Stores the result of `sdiff` at the key `to`, replacing any value there; an empty result deletes the key. Returns
   * the number of members.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sdiffstore/
   */
  sdiffstore(to: string, ...keys: string[]): Ret<M, number>;
  sdiffstore(to: string, keys: readonly string[]): Ret<M, number>;

  /**
   * Returns how many members `sinter` would return, counting up to `limit`; 0 or none means no limit.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/sintercard/
   */
  sintercard(...keys: string[]): Ret<M, number>;
  sintercard(keys: readonly string[], options?: { readonly limit?: Integer | undefined }): Ret<M, number>;

  /**
   * Returns one page of a set's members, like `scan`. `sscanIterator` reads all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page returned.
   *
   * @see https://redis.io/docs/latest/commands/sscan/
   */
  sscan<V extends Out<M> = Out<M>>(
    key: string,
    cursor: string,
    options?: MatchOptions & Own,
  ): Ret<M, MemberPage<V>>;
  sscan<F extends RawForm>(
    key: string,
    cursor: string,
    options: MatchOptions & As<F>,
  ): Ret<M, MemberPage<Raw<F>>>;
}

const LIMIT = named({ limit: integer });

const combine = variadic({}, "key", key, "values");
const store = variadic({ to: key }, "key", key, count);

/** @internal How each of them is done. */
export const sets = {
  sadd: variadic({ key }, "member", content, count, 2),
  srem: variadic({ key }, "member", content, count),
  smembers: operation({ key }, "values"),
  sismember: operation({ key, member: content }, flag),
  smismember: variadic({ key }, "member", content, flags),
  scard: operation({ key }, count),
  spop: some("valueOrNull", "values"),
  srandmember: some("valueOrNull", "values"),
  smove: operation({ from: key, to: key, member: content }, flag),
  sinter: combine,
  sunion: combine,
  sdiff: combine,
  sinterstore: store,
  sunionstore: store,
  sdiffstore: store,
  sintercard: (op) =>
    function (...given) {
      const [keys, told] = splitOptions(given);
      const names = items(keys).map((name) => key(op, "key", name));
      if (names.length === 0) throw invalidArgument(op, "(keys) expects at least one key");
      return run(this, op, ["SINTERCARD", String(names.length), ...names], count, told, LIMIT);
    },
  sscan: operation({ key, cursor: text }, "memberPage", named({ match: value, count: integer })),
} satisfies Record<keyof Sets<Mode>, Operation>;
