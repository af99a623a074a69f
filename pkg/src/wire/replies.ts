// Converts replies to JavaScript values: one decoder per shape. Which operation has which shape is declared by the
// operations.

import { failed } from "../base/errors.js";
import { type Reader, Tag } from "./wire.js";

/** Decodes the reply at the reader's position. */
export type Decoder<V> = (reply: Reader) => V;

export function want(reply: Reader, tag: Tag): void {
  if (reply.tag() !== tag) throw failed(reply.op, "internal", "got a reply of another kind");
}

/** An array of this many items. */
export function many<T>(count: number, make: () => T): T[] {
  const made: T[] = [];
  for (let left = count; left > 0; left--) made.push(make());
  return made;
}

/** A decoder that returns another value for a null reply. */
export function orElse<V, E>(decode: Decoder<V>, nothing: E): Decoder<V | E> {
  return (reply) => {
    if (reply.peek() !== Tag.Nil) return decode(reply);
    reply.tag();
    return nothing;
  };
}

/** A decoder that returns `null` for a null reply. */
const orNull = <V>(decode: Decoder<V>): Decoder<V | null> => orElse(decode, null);

/** Success. */
export const ok: Decoder<"OK"> = (reply) => {
  want(reply, Tag.Ok);
  return "OK";
};

/** Success, or a condition that did not hold. */
export const okOrNull = orNull(ok);

/** A 64-bit number. */
export const integer: Decoder<number | bigint> = (reply) => {
  want(reply, Tag.Int);
  return reply.int();
};

/** A count, a length or a time, which always fits a number. */
export const count = integer as Decoder<number>;

/** What a counter has come to: the store says in which form it gives what may be beyond 2^53. */
export const sum: Decoder<number | bigint> = (reply) => integer(reply);

/** A count, or nothing. */
export const countOrNull = orNull(count);

/** True or false. */
export const flag: Decoder<boolean> = (reply) => integer(reply) !== 0;

/** Numbers in order. */
export const counts: Decoder<number[]> = (reply) => {
  want(reply, Tag.Ints);
  return many(reply.count(), () => reply.int() as number);
};

/** Numbers in order if there was a count; otherwise one, or null. */
export const countsOrOne: Decoder<number[] | number | null> = (reply) =>
  reply.peek() === Tag.Ints ? counts(reply) : countOrNull(reply);

/** True or false, in order. */
export const flags: Decoder<boolean[]> = (reply) => counts(reply).map((each) => each !== 0);

/** The keys of entries, behind each of which nothing stands. */
export const keyColumn: Decoder<string[]> = (reply) => pairs(reply, asText, asText).map(([key]) => key);

/** A page of keys. */
export interface KeyPage<K = string> {
  /** The cursor for the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The keys found. A page may be empty even if there are more, and a key may occur twice. */
  keys: K[];
}

/** A page of the members of a set. */
export interface MemberPage<T = string> {
  /** The cursor for the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The members found. A page may be empty even if there are more, and a member may occur twice. */
  members: T[];
}

/** A page of the members of a sorted set. */
export interface ScoredPage<T = string> {
  /** The cursor for the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The members found, with their scores. A page may be empty even if there are more, and a member may occur twice. */
  members: [member: T, score: number][];
}

/** A page of the fields of a hash. */
export interface EntryPage<F = string, V = F> {
  /** The cursor for the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The fields found, with their values. A page may be empty even if there are more, and a field may occur twice. */
  entries: [F, V][];
}

/** Reads an item that is known to exist. */
export type Item<T> = (reply: Reader) => T;

/** An item that is text. */
export const asText = ((reply) => reply.text()) as Item<string>;
const asBytes = ((reply) => reply.bytes()) as Item<Uint8Array>;
const asField = ((reply) => reply.text("hscan with ")) as Item<string>;

/**
 * If a value cannot be decoded, it may have been removed from the store, so the error holds it as bytes. Reading an
 * error reply again throws it again.
 */
const keeping =
  <V>(decode: Decoder<V>, raw: Decoder<unknown>): Decoder<V> =>
  (reply) => {
    const { at } = reply;
    try {
      return decode(reply);
    } catch (error) {
      reply.at = at;
      throw Object.defineProperty(error as object, "bytes", { value: raw(reply) });
    }
  };

const one =
  <T>(item: Item<T>): Decoder<T> =>
  (reply) => {
    want(reply, Tag.Bytes);
    return item(reply);
  };

const asScore: Item<number> = (reply) => toScore(reply.text() as string);

/** The number of a score's text: `1.5`, `inf`. */
function toScore(score: string): number {
  return score.endsWith("inf") ? (score === "inf" ? 1 : -1) * Number.POSITIVE_INFINITY : Number(score);
}

/** A score. */
export const score = one(asScore);

/** A score, or nothing. */
export const scoreOrNull = orNull(score);

/** Scores, or nothing where there is none. */
export const scores: Decoder<(number | null)[]> = (reply) =>
  items(reply, () => {
    const found = reply.text();
    return found === null ? null : toScore(found);
  });

/** Texts, or nothing where there is none. */
export const textsOrNull: Decoder<(string | null)[]> = (reply) => items(reply, (item) => item.text());

/** Integers of 64 bits, or nothing where there is none. */
export const numbersOrNull =
  <I>(integer: (number: number | bigint) => I): Decoder<(I | null)[]> =>
  (reply) =>
    items(reply, () => {
      const found = reply.text();
      if (found === null) return null;
      const number = Number(found);
      return integer(Number.isSafeInteger(number) ? number : BigInt(found));
    });

/** A rank and a score, or nothing. */
export const rankAndScoreOrNull = orNull<[rank: number, score: number]>((reply) => {
  const [rank, found] = items(reply, asScore);
  return [rank as number, found as number];
});

/** A key's name; `null` for another program's key that is not UTF-8. */
const asName = ((reply) => {
  try {
    return reply.text();
  } catch {
    return null;
  }
}) as Item<string | null>;

/** Names of keys, without those that are `null`. */
const names =
  <K>(item: Item<K | null>) =>
  (count: number, reply: Reader): K[] =>
    many(count, () => item(reply)).filter((name) => name !== null);

function items<T>(reply: Reader, item: Item<T>): T[] {
  want(reply, Tag.List);
  return many(reply.count(), () => item(reply));
}

/** A key, and the items after it. */
const keyed =
  <T>(item: Item<T>): Decoder<[key: string, items: T[]]> =>
  (reply) => {
    want(reply, Tag.List);
    const count = reply.count() - 1;
    return [asText(reply), many(count, () => item(reply))];
  };

/** A key, and the members after it with their scores. */
const keyedScored =
  <T>(item: Item<T>): Decoder<[key: string, members: [T, number][]]> =>
  (reply) => {
    want(reply, Tag.List);
    const count = reply.count() - 1;
    return [asText(reply), many(count / 2, () => [item(reply), asScore(reply)])];
  };

function inTwos<A, B>(reply: Reader, first: Item<A>, second: Item<B>): [A, B][] {
  return many(reply.count() / 2, () => [first(reply), second(reply)]);
}

function pairs<A, B>(reply: Reader, first: Item<A>, second: Item<B>): [A, B][] {
  want(reply, Tag.List);
  return inTwos(reply, first, second);
}

function page<T>(reply: Reader, item: Item<T>): [cursor: string, items: T[]] {
  want(reply, Tag.Page);
  return [asText(reply), many(reply.count(), () => item(reply))];
}

/** The decoders of replies with values, for one form of value; `F` is the form of a hash's fields. */
export interface Forms<V, F = unknown, K = unknown> {
  /** An item of a list. */
  item: Item<V>;
  value: Decoder<V>;
  valueOrNull: Decoder<V | null>;
  /** Values in order; a missing one is `null`. */
  values: Decoder<V[]>;
  valuesOrNull: Decoder<V[] | null>;
  /** A key and some of its values; `null` if no key was chosen. */
  keyedOrNull: Decoder<[key: string, values: V[]] | null>;
  /** Success, or the previous value; `null` if there was none or a condition did not hold. */
  okOrValue: Decoder<"OK" | V | null>;
  fieldOrNull: Decoder<F | null>;
  fields: Decoder<F[]>;
  /** Fields with their values. */
  pairs: Decoder<[F, V][]>;
  /** Keys with their values, `null` for a value that is not a string. */
  entries: Decoder<[string, V | null][]>;
  /** Fields and values as an object on which `__proto__` is an ordinary property. */
  object: Decoder<Record<string, V>>;
  /** Keys; as text, without those that are not UTF-8. */
  keys: Decoder<K[]>;
  keyPage: Decoder<KeyPage<K>>;
  memberPage: Decoder<MemberPage<V>>;
  /** Members with their scores. */
  scored: Decoder<[V, number][]>;
  /** A member with its score; `null` for none. */
  scoredOrNull: Decoder<[V, number] | null>;
  /** A key and members with their scores; `null` if no key was chosen. */
  keyedScoredOrNull: Decoder<[key: string, members: [V, number][]] | null>;
  scoredPage: Decoder<ScoredPage<V>>;
  entryPage: Decoder<EntryPage<F, V>>;
}

/** The decoders for these forms of fields and values. Keys are text by default. */
export function forms<F, V>(field: Item<F>, item: Item<V>): Forms<V, F, string>;
export function forms<F, V, K>(field: Item<F>, item: Item<V>, key: Item<K>): Forms<V, F, K>;
export function forms<F, V>(field: Item<F>, item: Item<V>, key: Item<unknown> = asName): Forms<V, F> {
  const keys = names(key);
  const value = keeping(one(item), one(asBytes));
  const valueOrNull = orNull(value);
  const values = keeping(
    (reply) => items(reply, item),
    (reply) => items(reply, asBytes),
  );
  const scored = keeping(
    (reply) => pairs(reply, item, asScore),
    (reply) => pairs(reply, asBytes, asScore),
  );
  return {
    item,
    value,
    valueOrNull,
    values,
    valuesOrNull: orNull(values),
    keyedOrNull: orNull(keeping(keyed(item), keyed(asBytes))),
    okOrValue: (reply) => (reply.peek() === Tag.Ok ? ok(reply) : valueOrNull(reply)),
    fieldOrNull: orNull(one(field)),
    fields: (reply) => items(reply, field),
    pairs: (reply) => pairs(reply, field, item),
    entries: (reply) => pairs(reply, asText, item),
    object: (reply) => Object.fromEntries(pairs(reply, asField, item)) as Record<string, V>,
    keys: (reply) => {
      want(reply, Tag.List);
      return keys(reply.count(), reply);
    },
    keyPage: (reply) => {
      want(reply, Tag.Page);
      const cursor = asText(reply);
      return { cursor, keys: keys(reply.count(), reply) };
    },
    memberPage: (reply) => {
      const [cursor, members] = page(reply, item);
      return { cursor, members };
    },
    scored,
    scoredOrNull: (reply) => scored(reply)[0] ?? null,
    keyedScoredOrNull: orNull(keeping(keyedScored(item), keyedScored(asBytes))),
    scoredPage: (reply) => {
      want(reply, Tag.Page);
      return { cursor: asText(reply), members: inTwos(reply, item, asScore) };
    },
    entryPage: (reply) => {
      want(reply, Tag.Page);
      return { cursor: asText(reply), entries: inTwos(reply, field, item) };
    },
  };
}

/** Values as text. */
export const text: Forms<string, string, string> = forms(asText, asText);

/** Values as bytes. */
export const bytes: Forms<Uint8Array, Uint8Array, Uint8Array> = forms(asBytes, asBytes, asBytes);
