// Double-ended lists.

import {
  arity,
  type Integer,
  integer,
  isOptions,
  key,
  list,
  options,
  word,
  type Several,
} from "../arguments.js";
import type { In, Mode, Out, Ret } from "../mode.js";
import { count, countOrNull, counts, ok } from "../replies.js";
import type { Codec } from "../serializer.js";
import type { Cancellable } from "../signals.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import { Strings } from "./strings.js";

/** An end of a list: `"left"` is the head, index 0. */
export type Side = "left" | "right";

/** How `lpos` looks. */
export interface LposOptions extends Cancellable {
  /** Which match to begin with: 1 the first, 2 the second, -1 the first from the right. 1 when left out. */
  readonly rank?: Integer | undefined;
  /** How many elements to compare at most. All when left out, or 0. */
  readonly maxLen?: Integer | undefined;
}

const SIDES = ["left", "right"];

/**
 * Operations on lists. Indexes count from 0 at the left end; negative ones from the right end, where -1 is the last
 * element. A list that loses its last element is gone. All answer `wrong-type` for a key that holds something else.
 */
export abstract class Lists<M extends Mode> extends Strings<M> {
  /**
   * Puts elements at the left end, one after the other, so that the last one ends up first. Makes the list if there is none;
   * keeps its deadline. Gives the new length. O(1) each.
   *
   * Errors: `invalid-argument` for no elements.
   *
   * @see https://redis.io/docs/latest/commands/lpush/
   */
  lpush(name: string, ...values: Several<In<M>>): Ret<M, number>;
  lpush(name: string, values: readonly In<M>[]): Ret<M, number>;
  lpush(name: unknown, ...values: unknown[]): unknown {
    return this.send("lpush", pushWords("lpush", "LPUSH", arguments.length, name, values, this.codec), count);
  }

  /**
   * Puts elements at the right end, in their order. Makes the list if there is none; keeps its deadline. Gives the new
   * length. O(1) each.
   *
   * Errors: `invalid-argument` for no elements.
   *
   * @see https://redis.io/docs/latest/commands/rpush/
   */
  rpush(name: string, ...values: Several<In<M>>): Ret<M, number>;
  rpush(name: string, values: readonly In<M>[]): Ret<M, number>;
  rpush(name: unknown, ...values: unknown[]): unknown {
    return this.send("rpush", pushWords("rpush", "RPUSH", arguments.length, name, values, this.codec), count);
  }

  /**
   * Like `lpush`, if there is a list already; else it gives 0. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/lpushx/
   */
  lpushx(name: string, ...values: Several<In<M>>): Ret<M, number>;
  lpushx(name: string, values: readonly In<M>[]): Ret<M, number>;
  lpushx(name: unknown, ...values: unknown[]): unknown {
    return this.send(
      "lpushx",
      pushWords("lpushx", "LPUSHX", arguments.length, name, values, this.codec),
      count,
    );
  }

  /**
   * Like `rpush`, if there is a list already; else it gives 0. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/rpushx/
   */
  rpushx(name: string, ...values: Several<In<M>>): Ret<M, number>;
  rpushx(name: string, values: readonly In<M>[]): Ret<M, number>;
  rpushx(name: unknown, ...values: unknown[]): unknown {
    return this.send(
      "rpushx",
      pushWords("rpushx", "RPUSHX", arguments.length, name, values, this.codec),
      count,
    );
  }

  /**
   * Takes the leftmost element and gives it; `null` when there is no list. With a count: takes up to so many and gives them
   * in that order. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/lpop/
   */
  lpop<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V | null>;
  lpop<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  lpop<V extends Out<M> = Out<M>>(name: string, count: Integer, given?: Own): Ret<M, V[] | null>;
  lpop<F extends RawForm>(name: string, count: Integer, given: As<F>): Ret<M, Raw<F>[] | null>;
  lpop(name: unknown, ...given: unknown[]): unknown {
    arity("lpop", arguments.length, 1, 3);
    return this.#pop("lpop", name, given);
  }

  /**
   * Takes the rightmost element and gives it; `null` when there is no list. With a count: takes up to so many and gives
   * them, the last one first. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/rpop/
   */
  rpop<V extends Out<M> = Out<M>>(name: string, given?: Own): Ret<M, V | null>;
  rpop<F extends RawForm>(name: string, given: As<F>): Ret<M, Raw<F> | null>;
  rpop<V extends Out<M> = Out<M>>(name: string, count: Integer, given?: Own): Ret<M, V[] | null>;
  rpop<F extends RawForm>(name: string, count: Integer, given: As<F>): Ret<M, Raw<F>[] | null>;
  rpop(name: unknown, ...given: unknown[]): unknown {
    arity("rpop", arguments.length, 1, 3);
    return this.#pop("rpop", name, given);
  }

  #pop(op: "lpop" | "rpop", name: unknown, given: unknown[]): unknown {
    const [many, chosen] = isOptions(given[0]) ? [undefined, given[0]] : given;
    const { as } = options<{ as: unknown }>(op, chosen, ["as"]);
    const command = [op.toUpperCase(), key(op, "key", name)];
    if (many === undefined) return this.send(op, command, this.form(op, as).valueOrNull);
    return this.send(op, [...command, integer(op, "count", many)], this.form(op, as).valuesOrNull);
  }

  /**
   * The elements from index `start` to index `stop`, both included; what is out of range is clipped. O(elements given).
   *
   * @see https://redis.io/docs/latest/commands/lrange/
   */
  lrange<V extends Out<M> = Out<M>>(name: string, start: Integer, stop: Integer, given?: Own): Ret<M, V[]>;
  lrange<F extends RawForm>(name: string, start: Integer, stop: Integer, given: As<F>): Ret<M, Raw<F>[]>;
  lrange(name: unknown, start: unknown, stop: unknown, given?: unknown): unknown {
    const op = "lrange";
    arity(op, arguments.length, 3, 4);
    const { as } = options<{ as: unknown }>(op, given, ["as"]);
    const command = ["LRANGE", key(op, "key", name), integer(op, "start", start), integer(op, "stop", stop)];
    return this.send(op, command, this.form(op, as).values);
  }

  /**
   * How many elements a list has; 0 when there is none. O(1).
   *
   * @see https://redis.io/docs/latest/commands/llen/
   */
  llen(name: string): Ret<M, number> {
    arity("llen", arguments.length, 1);
    return this.send("llen", ["LLEN", key("llen", "key", name)], count);
  }

  /**
   * The element at an index; `null` when it is out of range. O(1).
   *
   * @see https://redis.io/docs/latest/commands/lindex/
   */
  lindex<V extends Out<M> = Out<M>>(name: string, index: Integer, given?: Own): Ret<M, V | null>;
  lindex<F extends RawForm>(name: string, index: Integer, given: As<F>): Ret<M, Raw<F> | null>;
  lindex(name: unknown, index: unknown, given?: unknown): unknown {
    const op = "lindex";
    arity(op, arguments.length, 2, 3);
    const { as } = options<{ as: unknown }>(op, given, ["as"]);
    return this.send(
      op,
      ["LINDEX", key(op, "key", name), integer(op, "index", index)],
      this.form(op, as).valueOrNull,
    );
  }

  /**
   * At which index an element equal to `content` is; `null` when it is nowhere. With a `count`: at which indexes, in the
   * order met, at most so many; 0 means all. O(length), or `maxLen`.
   *
   * @see https://redis.io/docs/latest/commands/lpos/
   */
  lpos(
    name: string,
    content: In<M>,
    given?: LposOptions & { readonly count?: undefined },
  ): Ret<M, number | null>;
  lpos(name: string, content: In<M>, given: LposOptions & { readonly count: Integer }): Ret<M, number[]>;
  lpos(name: unknown, content: unknown, given?: unknown): unknown {
    const op = "lpos";
    arity(op, arguments.length, 2, 3);
    const chosen = options<LposOptions & { count: Integer }>(op, given, ["rank", "count", "maxLen"]);
    const command = ["LPOS", key(op, "key", name), this.codec.encode(op, "value", content)];
    if (chosen.rank !== undefined) command.push("RANK", integer(op, "rank", chosen.rank));
    if (chosen.maxLen !== undefined) command.push("MAXLEN", integer(op, "maxLen", chosen.maxLen));
    if (chosen.count === undefined) return this.send(op, command, countOrNull);
    return this.send(op, [...command, "COUNT", integer(op, "count", chosen.count)], counts);
  }

  /**
   * Replaces the element at an index. O(1).
   *
   * Errors: `not-found` when there is no list, `invalid-argument` when the index is out of range.
   *
   * @see https://redis.io/docs/latest/commands/lset/
   */
  lset(name: string, index: Integer, content: In<M>): Ret<M, "OK"> {
    const op = "lset";
    arity(op, arguments.length, 3);
    const command = [
      "LSET",
      key(op, "key", name),
      integer(op, "index", index),
      this.codec.encode(op, "value", content),
    ];
    return this.send(op, command, ok);
  }

  /**
   * Removes elements equal to `content`: the first `many` from the left, the first `-many` from the right when it is
   * negative, all when it is 0. Gives how many were removed. O(length).
   *
   * @see https://redis.io/docs/latest/commands/lrem/
   */
  lrem(name: string, many: Integer, content: In<M>): Ret<M, number> {
    const op = "lrem";
    arity(op, arguments.length, 3);
    const command = [
      "LREM",
      key(op, "key", name),
      integer(op, "count", many),
      this.codec.encode(op, "value", content),
    ];
    return this.send(op, command, count);
  }

  /**
   * Keeps the elements from index `start` to index `stop`, both included, and removes the others. O(elements removed).
   *
   * @see https://redis.io/docs/latest/commands/ltrim/
   */
  ltrim(name: string, start: Integer, stop: Integer): Ret<M, "OK"> {
    const op = "ltrim";
    arity(op, arguments.length, 3);
    const command = ["LTRIM", key(op, "key", name), integer(op, "start", start), integer(op, "stop", stop)];
    return this.send(op, command, ok);
  }

  /**
   * Puts an element beside the leftmost one that equals `pivot`. Gives the new length; -1 when no element does, 0
   * when there is no list. O(length).
   *
   * @see https://redis.io/docs/latest/commands/linsert/
   */
  linsert(name: string, where: "before" | "after", pivot: In<M>, content: In<M>): Ret<M, number> {
    const op = "linsert";
    arity(op, arguments.length, 4);
    const place = word(op, "where", where, ["before", "after"]);
    const command = [
      "LINSERT",
      key(op, "key", name),
      place,
      this.codec.encode(op, "pivot", pivot),
      this.codec.encode(op, "value", content),
    ];
    return this.send(op, command, count);
  }

  /**
   * Takes the element at one end of a list, puts it at an end of another or the same list, and gives it; `null` when there
   * is no list. O(1).
   *
   * @see https://redis.io/docs/latest/commands/lmove/
   */
  lmove<V extends Out<M> = Out<M>>(
    from: string,
    to: string,
    fromSide: Side,
    toSide: Side,
    given?: Own,
  ): Ret<M, V | null>;
  lmove<F extends RawForm>(
    from: string,
    to: string,
    fromSide: Side,
    toSide: Side,
    given: As<F>,
  ): Ret<M, Raw<F> | null>;
  lmove(from: unknown, to: unknown, fromSide: unknown, toSide: unknown, given?: unknown): unknown {
    const op = "lmove";
    arity(op, arguments.length, 4, 5);
    const { as } = options<{ as: unknown }>(op, given, ["as"]);
    const sides = [word(op, "fromSide", fromSide, SIDES), word(op, "toSide", toSide, SIDES)];
    const command = ["LMOVE", key(op, "from", from), key(op, "to", to), ...sides];
    return this.send(op, command, this.form(op, as).valueOrNull);
  }
}

function pushWords(
  op: string,
  word: string,
  got: number,
  name: unknown,
  values: readonly unknown[],
  codec: Codec,
) {
  arity(op, got, 2, Number.POSITIVE_INFINITY);
  return [word, key(op, "key", name), ...list(op, "value", values, codec.encode)];
}
