// Sorted sets: distinct members under one key, each with a score.

import {
  arity,
  type Integer,
  integer,
  isOptions,
  items,
  key,
  score,
  scoreBound,
  splitOptions,
  text,
  typeName,
  value,
  word,
  yes,
} from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";
import type { In, Mode, Out, Ret } from "../values/mode.js";
import {
  count,
  countOrNull,
  rankAndScoreOrNull,
  score as scoreReply,
  scoreOrNull,
  type ScoredPage,
  scores,
} from "../wire/replies.js";
import type { Argument } from "../wire/wire.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "./commands.js";
import {
  content,
  irregular,
  named,
  type Operation,
  operation,
  type Options,
  run,
  some,
  variadic,
} from "./operation.js";

/** A member and its score, as an object. */
export interface ScoredMember<W = unknown> {
  /** The score: a number, perhaps infinite, but not NaN. */
  readonly score: number;
  /** The member. */
  readonly member: W;
}

/** Members and their scores: objects, or pairs as operations with `withScores` return them. */
export type ScoredMembers<W = unknown> = readonly (ScoredMember<W> | readonly [member: W, score: number])[];

/** How `zadd` writes. `nx` excludes the other conditions, and `gt` excludes `lt`. */
export interface ZaddOptions extends Cancellable {
  /** Only adds new members. */
  readonly nx?: boolean | undefined;
  /** Only changes members that exist. */
  readonly xx?: boolean | undefined;
  /** Adds new members, and changes scores only to greater ones. */
  readonly gt?: boolean | undefined;
  /** Adds new members, and changes scores only to lesser ones. */
  readonly lt?: boolean | undefined;
  /** Counts members whose score changed too, not only new ones. */
  readonly ch?: boolean | undefined;
}

/** A bound of a range of scores: a number, or the text of one. `"(5"` excludes 5; `"-inf"` and `"+inf"` are open. */
export type ScoreBound = number | `(${number}` | "-inf" | "+inf" | "(-inf" | "(+inf";

/**
 * A bound of a range of members, as they are stored: `"[a"` includes a, `"(a"` excludes it; `"-"` and `"+"` are before and
 * after all members.
 */
export type LexBound = `[${string}` | `(${string}` | "-" | "+" | Uint8Array;

/** Which members `zrange` selects. */
export interface ZrangeOptions extends Cancellable {
  /** Whether the bounds are scores. Without it and `byLex`, they are ranks. */
  readonly byScore?: boolean | undefined;
  /** Whether the bounds are members. All members must have the same score. */
  readonly byLex?: boolean | undefined;
  /** Whether the highest comes first. The first bound is then the upper one, and rank 0 the highest score. */
  readonly rev?: boolean | undefined;
  /** How many members to skip; not for ranks. */
  readonly offset?: Integer | undefined;
  /** How many members to return at most; not for ranks. */
  readonly count?: Integer | undefined;
}

/** How `zunion`, `zinter` and their kin combine scores. */
export interface CombineOptions extends Cancellable {
  /** A factor for the scores of each key. Default: 1. */
  readonly weights?: readonly number[] | undefined;
  /** How the scores of a member are combined. Default: their sum. */
  readonly aggregate?: "sum" | "min" | "max" | undefined;
}

interface WithScores {
  /** Whether to return pairs of a member and its score. */
  readonly withScores: true;
}

interface WithoutScores {
  /** Whether to return pairs of a member and its score. */
  readonly withScores?: false | undefined;
}

type Bound = ScoreBound | LexBound | Integer;

/**
 * Operations on sorted sets. Members are in the order of their scores; members with the same score are in the order of
 * their bytes. Scores are numbers, perhaps infinite, but never NaN. A serializer applies to members. Removing the last
 * member removes the key; a missing sorted set counts as an empty one. All fail with `wrong-type` on a key of another
 * type. n is the number of members.
 */
export interface SortedSets<M extends Mode> {
  /**
   * Adds members with their scores, or changes the scores of members. Creates the sorted set if needed and keeps its TTL.
   * Returns how many members are new. With `incr`, adds to the score of one member and returns the new score; `null` if
   * the condition did not hold. O(log n) each.
   *
   * Errors: `invalid-argument` for no members, for NaN, and for options that exclude each other.
   *
   * @example
   * kv.zadd("board", { score: 31, member: "alice" }, { score: 12.5, member: "bob" });
   * kv.zadd("board", [{ score: 40, member: "alice" }], { gt: true });
   *
   * @see https://redis.io/docs/latest/commands/zadd/
   */
  zadd(key: string, ...members: ScoredMember<In<M>>[]): Ret<M, number>;
  zadd(key: string, members: ScoredMembers<In<M>>, options?: ZaddOptions): Ret<M, number>;
  zadd(key: string, score: number, member: In<M>): Ret<M, number>;
  zadd(key: string, member: ScoredMember<In<M>>, options: ZaddOptions): Ret<M, number>;
  zadd(
    key: string,
    member: ScoredMember<In<M>>,
    options: Omit<ZaddOptions, "ch"> & {
      /** Adds to the score. */
      readonly incr: true;
    },
  ): Ret<M, number | null>;

  /**
   * Adds to a member's score and returns the sum; a missing member starts from 0. O(log n).
   *
   * Errors: `invalid-argument` for NaN; `invalid-value` if the sum is not a number.
   *
   * @see https://redis.io/docs/latest/commands/zincrby/
   */
  zincrby(key: string, by: number, member: In<M>): Ret<M, number>;

  /**
   * Returns a member's score; `null` when it is not a member. O(1).
   *
   * @see https://redis.io/docs/latest/commands/zscore/
   */
  zscore(key: string, member: In<M>): Ret<M, number | null>;

  /**
   * Returns the score of each member, in order; `null` for those that are not members. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/zmscore/
   */
  zmscore(key: string, ...members: In<M>[]): Ret<M, (number | null)[]>;
  zmscore(key: string, members: readonly In<M>[]): Ret<M, (number | null)[]>;

  /**
   * Returns the number of members. O(1).
   *
   * @see https://redis.io/docs/latest/commands/zcard/
   */
  zcard(key: string): Ret<M, number>;

  /**
   * Returns a member's rank, counted from 0 for the lowest score; `null` when it is not a member. With `withScore`,
   * returns the rank and the score. O(log n).
   *
   * @see https://redis.io/docs/latest/commands/zrank/
   */
  zrank(key: string, member: In<M>): Ret<M, number | null>;
  zrank(
    key: string,
    member: In<M>,
    options: Cancellable & { readonly withScore: true },
  ): Ret<M, [rank: number, score: number] | null>;

  /**
   * Returns a member's rank, counted from 0 for the highest score; `null` when it is not a member. With `withScore`,
   * returns the rank and the score. O(log n).
   *
   * @see https://redis.io/docs/latest/commands/zrevrank/
   */
  zrevrank(key: string, member: In<M>): Ret<M, number | null>;
  zrevrank(
    key: string,
    member: In<M>,
    options: Cancellable & { readonly withScore: true },
  ): Ret<M, [rank: number, score: number] | null>;

  /**
   * Returns the members of a range of ranks, scores or members, in order. 0 is the first rank, -1 the last. `withScores`
   * returns pairs of a member and its score. O(log n + members of the range).
   *
   * Errors: `invalid-argument` for malformed bounds, for `byLex` with scores, and for an offset or a count with ranks.
   *
   * @example
   * kv.zrange("board", 0, 9, { rev: true, withScores: true }); // the best ten
   * kv.zrange("board", "(20", "+inf", { byScore: true, count: 3 });
   *
   * @see https://redis.io/docs/latest/commands/zrange/
   */
  zrange<V extends Out<M> = Out<M>>(
    key: string,
    start: Bound,
    stop: Bound,
    options?: ZrangeOptions & WithoutScores & Own,
  ): Ret<M, V[]>;
  zrange<F extends RawForm>(
    key: string,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions & WithoutScores & As<F>,
  ): Ret<M, Raw<F>[]>;
  zrange<V extends Out<M> = Out<M>>(
    key: string,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions & WithScores & Own,
  ): Ret<M, [member: V, score: number][]>;
  zrange<F extends RawForm>(
    key: string,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions & WithScores & As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Stores the members of a range and their scores at the key `to`, replacing any value there; an empty range deletes the
   * key. Returns the number of members. O(log n + members of the range).
   *
   * Errors: as of `zrange`.
   *
   * @see https://redis.io/docs/latest/commands/zrangestore/
   */
  zrangestore(to: string, key: string, start: Bound, stop: Bound, options?: ZrangeOptions): Ret<M, number>;

  /**
   * Returns how many members have a score in a range. O(log n).
   *
   * Errors: `invalid-argument` for malformed bounds.
   *
   * @see https://redis.io/docs/latest/commands/zcount/
   */
  zcount(key: string, min: ScoreBound, max: ScoreBound): Ret<M, number>;

  /**
   * Returns how many members are in a range of members, if all have the same score. O(log n).
   *
   * Errors: `invalid-argument` for malformed bounds.
   *
   * @see https://redis.io/docs/latest/commands/zlexcount/
   */
  zlexcount(key: string, min: LexBound, max: LexBound): Ret<M, number>;

  /**
   * Removes members and returns how many existed. O(log n) each.
   *
   * @see https://redis.io/docs/latest/commands/zrem/
   */
  zrem(key: string, ...members: In<M>[]): Ret<M, number>;
  zrem(key: string, members: readonly In<M>[]): Ret<M, number>;

  /**
   * Removes the members from one rank to another, both included, and returns how many they were. Negative ranks count from
   * the highest score. O(log n) each.
   *
   * @see https://redis.io/docs/latest/commands/zremrangebyrank/
   */
  zremrangebyrank(key: string, start: Integer, stop: Integer): Ret<M, number>;

  /**
   * Removes the members that have a score in a range and returns how many they were. O(log n) each.
   *
   * Errors: `invalid-argument` for malformed bounds.
   *
   * @see https://redis.io/docs/latest/commands/zremrangebyscore/
   */
  zremrangebyscore(key: string, min: ScoreBound, max: ScoreBound): Ret<M, number>;

  /**
   * Removes the members in a range of members, if all have the same score, and returns how many they were. O(log n) each.
   *
   * Errors: `invalid-argument` for malformed bounds.
   *
   * @see https://redis.io/docs/latest/commands/zremrangebylex/
   */
  zremrangebylex(key: string, min: LexBound, max: LexBound): Ret<M, number>;

  /**
   * Removes and returns the member with the lowest score, and its score; `null` when there is none. With a count, removes
   * and returns up to that many, as pairs. O(log n) each.
   *
   * Errors: `invalid-value` if a member cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/zpopmin/
   */
  zpopmin<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, [member: V, score: number] | null>;
  zpopmin<F extends RawForm>(key: string, options: As<F>): Ret<M, [member: Raw<F>, score: number] | null>;
  zpopmin<V extends Out<M> = Out<M>>(
    key: string,
    count: Integer,
    options?: Own,
  ): Ret<M, [member: V, score: number][]>;
  zpopmin<F extends RawForm>(
    key: string,
    count: Integer,
    options: As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Removes and returns the member with the highest score, and its score; `null` when there is none. With a count, removes
   * and returns up to that many, as pairs. O(log n) each.
   *
   * Errors: `invalid-value` if a member cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/zpopmax/
   */
  zpopmax<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, [member: V, score: number] | null>;
  zpopmax<F extends RawForm>(key: string, options: As<F>): Ret<M, [member: Raw<F>, score: number] | null>;
  zpopmax<V extends Out<M> = Out<M>>(
    key: string,
    count: Integer,
    options?: Own,
  ): Ret<M, [member: V, score: number][]>;
  zpopmax<F extends RawForm>(
    key: string,
    count: Integer,
    options: As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Removes and returns members from one end of the first sorted set that exists. Returns its key and up to `count` members
   * with their scores, 1 if none is given; `null` when there is no such key. O(keys), and O(log n) each.
   *
   * Errors: `invalid-argument` for no keys, and for a count of 0; `invalid-value` if a member cannot be decoded; the
   * error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/zmpop/
   */
  zmpop<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    from: "min" | "max",
    options?: ZmpopOptions & Own,
  ): Ret<M, [key: string, members: [member: V, score: number][]] | null>;
  zmpop<F extends RawForm>(
    keys: readonly string[],
    from: "min" | "max",
    options: ZmpopOptions & As<F>,
  ): Ret<M, [key: string, members: [member: Raw<F>, score: number][]] | null>;

  /**
   * Returns a random member; `null` when there is none. With a count, returns up to that many distinct members; with a
   * negative count, exactly that many, which may repeat. `withScores` returns pairs of a member and its score. O(count).
   *
   * @see https://redis.io/docs/latest/commands/zrandmember/
   */
  zrandmember<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  zrandmember<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  zrandmember<V extends Out<M> = Out<M>>(
    key: string,
    count: Integer,
    options?: WithoutScores & Own,
  ): Ret<M, V[]>;
  zrandmember<F extends RawForm>(
    key: string,
    count: Integer,
    options: WithoutScores & As<F>,
  ): Ret<M, Raw<F>[]>;
  zrandmember<V extends Out<M> = Out<M>>(
    key: string,
    count: Integer,
    options: WithScores & Own,
  ): Ret<M, [member: V, score: number][]>;
  zrandmember<F extends RawForm>(
    key: string,
    count: Integer,
    options: WithScores & As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Returns the members of any of the sorted sets, in the order of their combined scores. Plain sets take part with scores
   * of 1. `withScores` returns pairs of a member and its score. O(m log m) for m members of all.
   *
   * Errors: `invalid-argument` for no keys, for another number of weights, and for NaN.
   *
   * @see https://redis.io/docs/latest/commands/zunion/
   */
  zunion<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  zunion<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    options?: CombineOptions & WithoutScores & Own,
  ): Ret<M, V[]>;
  zunion<F extends RawForm>(
    keys: readonly string[],
    options: CombineOptions & WithoutScores & As<F>,
  ): Ret<M, Raw<F>[]>;
  zunion<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    options: CombineOptions & WithScores & Own,
  ): Ret<M, [member: V, score: number][]>;
  zunion<F extends RawForm>(
    keys: readonly string[],
    options: CombineOptions & WithScores & As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Returns the members that are in all of the sorted sets, in the order of their combined scores. Plain sets take part
   * with scores of 1. `withScores` returns pairs of a member and its score. O(members of the smallest, times the number of
   * sets).
   *
   * Errors: `invalid-argument` for no keys, for another number of weights, and for NaN.
   *
   * @see https://redis.io/docs/latest/commands/zinter/
   */
  zinter<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  zinter<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    options?: CombineOptions & WithoutScores & Own,
  ): Ret<M, V[]>;
  zinter<F extends RawForm>(
    keys: readonly string[],
    options: CombineOptions & WithoutScores & As<F>,
  ): Ret<M, Raw<F>[]>;
  zinter<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    options: CombineOptions & WithScores & Own,
  ): Ret<M, [member: V, score: number][]>;
  zinter<F extends RawForm>(
    keys: readonly string[],
    options: CombineOptions & WithScores & As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Returns the members of the first sorted set that are in none of the others, in the order of their scores. `withScores`
   * returns pairs of a member and its score. O(members of the first, times the number of sets).
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/zdiff/
   */
  zdiff<V extends Out<M> = Out<M>>(...keys: string[]): Ret<M, V[]>;
  zdiff<V extends Out<M> = Out<M>>(keys: readonly string[], options?: WithoutScores & Own): Ret<M, V[]>;
  zdiff<F extends RawForm>(keys: readonly string[], options: WithoutScores & As<F>): Ret<M, Raw<F>[]>;
  zdiff<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    options: WithScores & Own,
  ): Ret<M, [member: V, score: number][]>;
  zdiff<F extends RawForm>(
    keys: readonly string[],
    options: WithScores & As<F>,
  ): Ret<M, [member: Raw<F>, score: number][]>;

  /**
   * Stores the result of `zunion` with the combined scores at the key `to`, replacing any value there; an empty result
   * deletes the key. Returns the number of members.
   *
   * Errors: as of `zunion`.
   *
   * @see https://redis.io/docs/latest/commands/zunionstore/
   */
  zunionstore(to: string, ...keys: string[]): Ret<M, number>;
  zunionstore(to: string, keys: readonly string[], options?: CombineOptions): Ret<M, number>;

  /**
   * Stores the result of `zinter` with the combined scores at the key `to`, replacing any value there; an empty result
   * deletes the key. Returns the number of members.
   *
   * Errors: as of `zinter`.
   *
   * @see https://redis.io/docs/latest/commands/zinterstore/
   */
  zinterstore(to: string, ...keys: string[]): Ret<M, number>;
  zinterstore(to: string, keys: readonly string[], options?: CombineOptions): Ret<M, number>;

  /**
   * Stores the result of `zdiff` with the scores at the key `to`, replacing any value there; an empty result deletes the
   * key. Returns the number of members.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/zdiffstore/
   */
  zdiffstore(to: string, ...keys: string[]): Ret<M, number>;
  zdiffstore(to: string, keys: readonly string[]): Ret<M, number>;

  /**
   * Returns how many members `zinter` would return, counting up to `limit`; 0 or none means no limit.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/zintercard/
   */
  zintercard(...keys: string[]): Ret<M, number>;
  zintercard(keys: readonly string[], options?: { readonly limit?: Integer | undefined }): Ret<M, number>;

  /**
   * Returns one page of a sorted set's members with their scores, like `scan`: in no particular order. `zscanIterator` reads
   * all pages.
   *
   * Errors: `invalid-argument` for a cursor that no page returned.
   *
   * @see https://redis.io/docs/latest/commands/zscan/
   */
  zscan<V extends Out<M> = Out<M>>(
    key: string,
    cursor: string,
    options?: MatchOptions & Own,
  ): Ret<M, ScoredPage<V>>;
  zscan<F extends RawForm>(
    key: string,
    cursor: string,
    options: MatchOptions & As<F>,
  ): Ret<M, ScoredPage<Raw<F>>>;
}

/** How much `zmpop` takes. */
export interface ZmpopOptions extends Cancellable {
  /** How many members at most. 1 when left out. */
  readonly count?: Integer | undefined;
}

const ADDING = named({ nx: yes, xx: yes, gt: yes, lt: yes, ch: yes, incr: yes });
const WITH_SCORE = named({ withScore: yes });
const WITH_SCORES = named({ withScores: yes });
const LIMIT = named({ limit: integer });
const COUNT = named({ count: integer });

/** What a range's options say, with its part behind. */
const ranging = (names: Parameters<typeof named>[0]): Options => {
  const flags = named(names);
  return {
    names: [...flags.names, "offset", "count"],
    words: (op, told, codec) => {
      const words = flags.words(op, told, codec);
      const { offset = 0, count = -1 } = told;
      if (told["offset"] === undefined && told["count"] === undefined) return words;
      if (told["byScore"] !== true && told["byLex"] !== true) {
        throw invalidArgument(op, "(offset, count) expect byScore or byLex");
      }
      return [...words, "LIMIT", integer(op, "offset", offset), integer(op, "count", count)];
    },
  };
};

const BY = { byScore: yes, byLex: yes, rev: yes };
const RANGE = ranging({ ...BY, withScores: yes });
const RANGE_STORED = ranging(BY);

/** The bounds of a range, by what its options say about them. */
function bounds(op: string, start: unknown, stop: unknown, told: unknown): Argument[] {
  const { byScore, byLex } = (told ?? {}) as { byScore?: unknown; byLex?: unknown };
  const check = byLex === true ? value : byScore === true ? scoreBound : integer;
  return [check(op, "start", start), check(op, "stop", stop)];
}

/** Members with their scores, in the words of `ZADD`. */
function scored(
  op: string,
  given: readonly unknown[],
  encode: (op: string, name: string, value: unknown) => Argument,
): Argument[] {
  const [first, second] = given;
  if (typeof first === "number" && given.length === 2) {
    return [score(op, "score", first), encode(op, "member", second)];
  }
  const members = items(given);
  if (members.length === 0) throw invalidArgument(op, "(members) expects at least one member");
  return members.flatMap((each) => {
    if (Array.isArray(each) && each.length === 2) {
      return [score(op, "score", each[1]), encode(op, "member", each[0])];
    }
    if (!isMember(each)) {
      throw invalidArgument(op, `(members) expects objects of score and member, got ${typeName(each)}`);
    }
    return [score(op, "score", each.score), encode(op, "member", each.member)];
  });
}

const isMember = (given: unknown): given is ScoredMember => isOptions(given) && "member" in (given as object);

/** The number of keys, and the keys. */
function counted(op: string, given: readonly unknown[]): string[] {
  const names = items(given).map((name) => key(op, "key", name));
  if (names.length === 0) throw invalidArgument(op, "(keys) expects at least one key");
  return [String(names.length), ...names];
}

const COMBINING: Options = {
  names: ["weights", "aggregate"],
  words: (op, told) => {
    const { weights, aggregate } = told;
    const words: Argument[] = [];
    if (weights !== undefined) {
      if (!Array.isArray(weights)) throw invalidArgument(op, "(weights) expects an array of numbers");
      words.push("WEIGHTS", ...weights.map((weight) => score(op, "weight", weight)));
    }
    if (aggregate !== undefined) {
      words.push("AGGREGATE", word(op, "aggregate", aggregate, ["sum", "min", "max"]).toUpperCase());
    }
    return words;
  },
};

/** Options of both. */
const both = (one: Options, other: Options): Options => ({
  names: [...one.names, ...other.names],
  words: (op, told, codec) => [...one.words(op, told, codec), ...other.words(op, told, codec)],
});

const withScoresOf = (told: unknown): boolean =>
  (told as { withScores?: unknown } | undefined)?.withScores === true;

const combine =
  (known: Options): Operation =>
  (op) =>
    function (...given) {
      const [keys, told] = splitOptions(given);
      const command = [op.toUpperCase(), ...counted(op, keys)];
      return run(this, op, command, withScoresOf(told) ? "scored" : "values", told, both(known, WITH_SCORES));
    };

const combineInto =
  (known?: Options): Operation =>
  (op) =>
    function (to, ...given) {
      const [keys, told] = splitOptions(given);
      return run(this, op, [op.toUpperCase(), key(op, "to", to), ...counted(op, keys)], count, told, known);
    };

const rank: Operation = (op) => {
  const plain = operation({ key, member: content }, countOrNull, WITH_SCORE)(op);
  const withScore = operation({ key, member: content }, rankAndScoreOrNull, WITH_SCORE)(op);
  return function (...given) {
    const told = given[2] as { withScore?: unknown } | undefined;
    return (told?.withScore === true ? withScore : plain).apply(this, given);
  };
};

const countScores = operation({ key, min: scoreBound, max: scoreBound }, count);
const countMembers = operation({ key, min: value, max: value }, count);
const pop = some("scoredOrNull", "scored");

/** @internal How each of them is done. */
export const zsets = {
  zadd: (op) =>
    function (name, ...given) {
      arity(op, arguments.length, 2, Number.POSITIVE_INFINITY);
      const last = given[given.length - 1];
      // A member may be an object too.
      const isPair = typeof given[0] === "number";
      const [members, told] = isPair || isMember(last) ? [given, undefined] : splitOptions(given);
      const { incr } = (told ?? {}) as { incr?: unknown };
      const words = scored(op, members, this.codec.encode);
      // The options precede the members.
      return run(this, op, ["ZADD", key(op, "key", name)], incr === true ? scoreOrNull : count, told ?? {}, {
        ...ADDING,
        words: (...telling) => [...ADDING.words(...telling), ...words],
      });
    },
  zincrby: operation({ key, by: score, member: content }, scoreReply),
  zscore: operation({ key, member: content }, scoreOrNull),
  zmscore: variadic({ key }, "member", content, scores),
  zcard: operation({ key }, count),
  zrank: rank,
  zrevrank: rank,
  zrange: (op) =>
    function (name, start, stop, told) {
      arity(op, arguments.length, 3, 4);
      const command = ["ZRANGE", key(op, "key", name), ...bounds(op, start, stop, told)];
      return run(this, op, command, withScoresOf(told) ? "scored" : "values", told, RANGE);
    },
  zrangestore: (op) =>
    function (to, name, start, stop, told) {
      arity(op, arguments.length, 4, 5);
      const keys = [key(op, "to", to), key(op, "key", name)];
      return run(
        this,
        op,
        ["ZRANGESTORE", ...keys, ...bounds(op, start, stop, told)],
        count,
        told,
        RANGE_STORED,
      );
    },
  zcount: countScores,
  zlexcount: countMembers,
  zrem: variadic({ key }, "member", content, count),
  zremrangebyrank: operation({ key, start: integer, stop: integer }, count),
  zremrangebyscore: countScores,
  zremrangebylex: countMembers,
  zpopmin: pop,
  zpopmax: pop,
  zmpop: irregular(
    2,
    3,
    (op, [keys, from]) => {
      if (!Array.isArray(keys)) throw invalidArgument(op, `(keys) expects an array, got ${typeName(keys)}`);
      const end = word(op, "from", from, ["min", "max"]).toUpperCase();
      return ["ZMPOP", ...counted(op, [keys]), end];
    },
    "keyedScoredOrNull",
    COUNT,
  ),
  zrandmember: (op) => {
    const members = some("valueOrNull", "values", WITH_SCORES)(op);
    const pairs = operation({ key, count: integer }, "scored", WITH_SCORES)(op);
    return function (...given) {
      return (withScoresOf(given[2]) ? pairs : members).apply(this, given);
    };
  },
  zunion: combine(COMBINING),
  zinter: combine(COMBINING),
  zdiff: combine(named({})),
  zunionstore: combineInto(COMBINING),
  zinterstore: combineInto(COMBINING),
  zdiffstore: combineInto(),
  zintercard: (op) =>
    function (...given) {
      const [keys, told] = splitOptions(given);
      return run(this, op, ["ZINTERCARD", ...counted(op, keys)], count, told, LIMIT);
    },
  zscan: operation({ key, cursor: text }, "scoredPage", named({ match: value, count: integer })),
} satisfies Record<keyof SortedSets<Mode>, Operation>;
