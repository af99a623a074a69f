// Double-ended lists.

import { type Integer, integer, items, key, type Several, word } from "../values/arguments.js";
import type { In, Mode, Out, Ret } from "../values/mode.js";
import { count, countsOrOne, ok } from "../wire/replies.js";
import type { Argument } from "../wire/wire.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import {
  type Check,
  content,
  irregular,
  named,
  type Operation,
  operation,
  some,
  variadic,
} from "./operation.js";

/** An end of a list: `"left"` is the head, index 0. */
export type Side = "left" | "right";

/** How `lpos` looks. */
export interface LposOptions extends Cancellable {
  /** Which match to begin with: 1 the first, 2 the second, -1 the first from the right. 1 when left out. */
  readonly rank?: Integer | undefined;
  /** The most elements to compare. Default, and for 0: all. */
  readonly maxLen?: Integer | undefined;
}

/** How much `lmpop` takes. */
export interface LmpopOptions extends Cancellable {
  /** How many elements at most. 1 when left out. */
  readonly count?: Integer | undefined;
}

/**
 * Operations on lists. Indexes count from 0 at the left end; negative ones from the right end, where -1 is the last
 * element. One array in the place of the elements is the list of them: an element that is an array itself is pushed by
 * `[[1, 2]]`. Removing the last element removes the key. All fail with `wrong-type` on a key of another type.
 */
export interface Lists<M extends Mode> {
  /**
   * Adds elements at the left end, one after the other, so the last one ends up first. Creates the list if needed and
   * keeps its TTL. Returns the new length. O(1) each.
   *
   * One array is the list of elements; `lpush(key, [[1, 2]])` pushes one element that is an array.
   *
   * Errors: `invalid-argument` for no elements.
   *
   * @see https://redis.io/docs/latest/commands/lpush/
   */
  lpush(key: string, ...values: Several<In<M>>): Ret<M, number>;
  lpush(key: string, values: readonly In<M>[]): Ret<M, number>;

  /**
   * Adds elements at the right end, in order. Creates the list if needed and keeps its TTL. Returns the new length.
   * O(1) each.
   *
   * One array is the list of elements; `rpush(key, [[1, 2]])` pushes one element that is an array.
   *
   * Errors: `invalid-argument` for no elements.
   *
   * @see https://redis.io/docs/latest/commands/rpush/
   */
  rpush(key: string, ...values: Several<In<M>>): Ret<M, number>;
  rpush(key: string, values: readonly In<M>[]): Ret<M, number>;

  /**
   * Like `lpush`, but only if the list exists; otherwise returns 0. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/lpushx/
   */
  lpushx(key: string, ...values: Several<In<M>>): Ret<M, number>;
  lpushx(key: string, values: readonly In<M>[]): Ret<M, number>;

  /**
   * Like `rpush`, but only if the list exists; otherwise returns 0. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/rpushx/
   */
  rpushx(key: string, ...values: Several<In<M>>): Ret<M, number>;
  rpushx(key: string, values: readonly In<M>[]): Ret<M, number>;

  /**
   * Removes and returns the leftmost element; `null` when there is no list. With a count, removes and returns up to
   * that many, from left to right. O(1) each.
   *
   * Errors: `invalid-value` if it cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/lpop/
   */
  lpop<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  lpop<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  lpop<V extends Out<M> = Out<M>>(key: string, count: Integer, options?: Own): Ret<M, V[] | null>;
  lpop<F extends RawForm>(key: string, count: Integer, options: As<F>): Ret<M, Raw<F>[] | null>;

  /**
   * Removes and returns the rightmost element; `null` when there is no list. With a count, removes and returns up to
   * that many, from right to left. O(1) each.
   *
   * Errors: `invalid-value` if it cannot be decoded; the error's `bytes` holds what was removed.
   *
   * @see https://redis.io/docs/latest/commands/rpop/
   */
  rpop<V extends Out<M> = Out<M>>(key: string, options?: Own): Ret<M, V | null>;
  rpop<F extends RawForm>(key: string, options: As<F>): Ret<M, Raw<F> | null>;
  rpop<V extends Out<M> = Out<M>>(key: string, count: Integer, options?: Own): Ret<M, V[] | null>;
  rpop<F extends RawForm>(key: string, count: Integer, options: As<F>): Ret<M, Raw<F>[] | null>;

  /**
   * Takes up to `count` elements from one end of the first of these lists that exists, and gives its key and the elements; `null`
   * when none exists. O(keys + elements).
   *
   * Errors: `invalid-argument` for no keys, and for a count of 0; `invalid-value` when the elements cannot be decoded: the error's
   * `bytes` has what was taken.
   *
   * @see https://redis.io/docs/latest/commands/lmpop/
   */
  lmpop<V extends Out<M> = Out<M>>(
    keys: readonly string[],
    side: Side,
    options?: LmpopOptions & Own,
  ): Ret<M, [key: string, elements: V[]] | null>;
  lmpop<F extends RawForm>(
    keys: readonly string[],
    side: Side,
    options: LmpopOptions & As<F>,
  ): Ret<M, [key: string, elements: Raw<F>[]] | null>;

  /**
   * Returns the elements from index `start` to `stop`, inclusive; indexes out of range are clipped. O(elements
   * returned).
   *
   * @see https://redis.io/docs/latest/commands/lrange/
   */
  lrange<V extends Out<M> = Out<M>>(key: string, start: Integer, stop: Integer, options?: Own): Ret<M, V[]>;
  lrange<F extends RawForm>(key: string, start: Integer, stop: Integer, options: As<F>): Ret<M, Raw<F>[]>;

  /**
   * Returns the length of a list; 0 when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/llen/
   */
  llen(key: string): Ret<M, number>;

  /**
   * Returns the element at an index; `null` when it is out of range. O(1).
   *
   * @see https://redis.io/docs/latest/commands/lindex/
   */
  lindex<V extends Out<M> = Out<M>>(key: string, index: Integer, options?: Own): Ret<M, V | null>;
  lindex<F extends RawForm>(key: string, index: Integer, options: As<F>): Ret<M, Raw<F> | null>;

  /**
   * Returns the index of an element that equals `value`; `null` when there is none. With a `count`, returns up to that
   * many indexes, in the order found; 0 means all. O(length), or `maxLen`.
   *
   * @see https://redis.io/docs/latest/commands/lpos/
   */
  lpos(
    key: string,
    value: In<M>,
    options?: LposOptions & { readonly count?: undefined },
  ): Ret<M, number | null>;
  lpos(key: string, value: In<M>, options: LposOptions & { readonly count: Integer }): Ret<M, number[]>;

  /**
   * Replaces the element at an index. O(1).
   *
   * Errors: `not-found` when there is no list, `invalid-argument` when the index is out of range.
   *
   * @see https://redis.io/docs/latest/commands/lset/
   */
  lset(key: string, index: Integer, value: In<M>): Ret<M, "OK">;

  /**
   * Removes elements that equal `value`: the first `count` from the left; with a negative count, from the right; with
   * 0, all. Returns how many were removed. O(length).
   *
   * @see https://redis.io/docs/latest/commands/lrem/
   */
  lrem(key: string, count: Integer, value: In<M>): Ret<M, number>;

  /**
   * Keeps the elements from index `start` to `stop`, inclusive, and removes the others. O(elements removed).
   *
   * @see https://redis.io/docs/latest/commands/ltrim/
   */
  ltrim(key: string, start: Integer, stop: Integer): Ret<M, "OK">;

  /**
   * Inserts an element before or after the leftmost one that equals `pivot`. Returns the new length, -1 if no element
   * matches, or 0 if there is no list. O(length).
   *
   * @see https://redis.io/docs/latest/commands/linsert/
   */
  linsert(key: string, where: "before" | "after", pivot: In<M>, value: In<M>): Ret<M, number>;

  /**
   * Moves the element at one end of a list to an end of another or the same list, and returns it; `null` when there is
   * no list. O(1).
   *
   * @see https://redis.io/docs/latest/commands/lmove/
   */
  lmove<V extends Out<M> = Out<M>>(
    from: string,
    to: string,
    fromSide: Side,
    toSide: Side,
    options?: Own,
  ): Ret<M, V | null>;
  lmove<F extends RawForm>(
    from: string,
    to: string,
    fromSide: Side,
    toSide: Side,
    options: As<F>,
  ): Ret<M, Raw<F> | null>;
}

const side: Check = (op, name, given) => word(op, name, given, ["left", "right"]);
const place: Check = (op, name, given) => word(op, name, given, ["before", "after"]);

const push = variadic({ key }, "value", content, count, 2);

/** @internal How each of them is done. */
export const lists = {
  lpush: push,
  rpush: push,
  lpushx: push,
  rpushx: push,
  lpop: some("valueOrNull", "valuesOrNull"),
  rpop: some("valueOrNull", "valuesOrNull"),
  lmpop: irregular(
    2,
    3,
    (op, [given, where], codec) => {
      const names = items([given]).map((name) => key(op, "key", name));
      if (names.length === 0) throw invalidArgument(op, "(keys) expects at least one key");
      return ["LMPOP", String(names.length), ...names, side(op, "side", where, codec) as Argument];
    },
    "keyedOrNull",
    named({ count: integer }),
  ),
  lrange: operation({ key, start: integer, stop: integer }, "values"),
  llen: operation({ key }, count),
  lindex: operation({ key, index: integer }, "valueOrNull"),
  lpos: operation(
    { key, value: content },
    countsOrOne,
    named({ rank: integer, count: integer, maxLen: integer }),
  ),
  lset: operation({ key, index: integer, value: content }, ok),
  lrem: operation({ key, count: integer, value: content }, count),
  ltrim: operation({ key, start: integer, stop: integer }, ok),
  linsert: operation({ key, where: place, pivot: content, value: content }, count),
  lmove: operation({ from: key, to: key, fromSide: side, toSide: side }, "valueOrNull"),
} satisfies Record<keyof Lists<Mode>, Operation>;
