// What a reply means in JavaScript: one decoder per shape. Which operation has which shape is the operations' business.

import { failed, invalidArgument } from "./errors.js";
import { type Reader, Tag } from "./wire.js";

/** Turns the reply that starts at the reader into a value. */
export type Decoder<V> = (reply: Reader) => V;

function want(reply: Reader, tag: Tag): void {
  if (reply.tag() !== tag) throw failed(reply.op, "internal", "got a reply of another kind");
}

/** A decoder that gives `null` where nothing is. */
function orNull<V>(decode: Decoder<V>): Decoder<V | null> {
  return (reply) => {
    if (reply.peek() !== Tag.Nil) return decode(reply);
    reply.tag();
    return null;
  };
}

/** Done. */
export const ok: Decoder<"OK"> = (reply) => {
  want(reply, Tag.Ok);
  return "OK";
};

/** Done, or a condition did not hold. */
export const okOrNull = orNull(ok);

/** A 64-bit number. */
export const integer: Decoder<number | bigint> = (reply) => {
  want(reply, Tag.Int);
  return reply.int();
};

/** A count, a length, a time: what always fits a number. */
export const count = integer as Decoder<number>;

/** A count, or nothing. */
export const countOrNull = orNull(count);

/** Yes or no. */
export const flag: Decoder<boolean> = (reply) => integer(reply) !== 0;

/** Numbers in order. */
export const counts: Decoder<number[]> = (reply) => {
  want(reply, Tag.Ints);
  return Array.from({ length: reply.count() }, () => reply.int() as number);
};

/** Yes or no, in order. */
export const flags: Decoder<boolean[]> = (reply) => counts(reply).map((each) => each !== 0);

/** A page of a scan of keys. */
export const keyPage: Decoder<KeyPage> = (reply) => {
  const [cursor, keys] = page(reply, asText);
  return { cursor, keys };
};

/** A page of keys. */
export interface KeyPage {
  /** What to give to the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The keys found. A page may be empty although more follow, and a key may come twice. */
  keys: string[];
}

/** A page of the members of a set. */
export interface MemberPage<T = string> {
  /** What to give to the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The members found. A page may be empty although more follow, and a member may come twice. */
  members: T[];
}

/** A page of the fields of a hash. */
export interface EntryPage<T = string> {
  /** What to give to the next call; `"0"` means that this page was the last. */
  cursor: string;
  /** The fields found, with their values. A page may be empty although more follow, and a field may come twice. */
  entries: [T, T][];
}

/** Reads one item, which is known to be there. */
type Item<T> = (reply: Reader) => T;

const asText = ((reply) => reply.text()) as Item<string>;
const asBytes = ((reply) => reply.bytes()) as Item<Uint8Array>;

function items<T>(reply: Reader, item: Item<T>): T[] {
  want(reply, Tag.List);
  return Array.from({ length: reply.count() }, () => item(reply));
}

function inTwos<A, B>(reply: Reader, first: Item<A>, second: Item<B>): [A, B][] {
  return Array.from({ length: reply.count() / 2 }, () => [first(reply), second(reply)]);
}

function pairs<A, B>(reply: Reader, first: Item<A>, second: Item<B>): [A, B][] {
  want(reply, Tag.List);
  return inTwos(reply, first, second);
}

function page<T>(reply: Reader, item: Item<T>): [cursor: string, items: T[]] {
  want(reply, Tag.Page);
  return [asText(reply), Array.from({ length: reply.count() }, () => item(reply))];
}

/** The decoders of replies that hold values, for one form of value. */
export interface Forms<T> {
  value: Decoder<T>;
  valueOrNull: Decoder<T | null>;
  values: Decoder<T[]>;
  valuesOrNull: Decoder<T[] | null>;
  /** Values in order, `null` where one is missing. */
  valuesWithGaps: Decoder<(T | null)[]>;
  pairs: Decoder<[T, T][]>;
  /** Keys with their values, `null` for what is no string. */
  entries: Decoder<[string, T | null][]>;
  /** Fields and values as an object without prototype: a field may be called `__proto__`. */
  object: Decoder<Record<string, T>>;
  memberPage: Decoder<MemberPage<T>>;
  entryPage: Decoder<EntryPage<T>>;
}

function forms<T>(item: Item<T>): Forms<T> {
  const value: Decoder<T> = (reply) => {
    want(reply, Tag.Bytes);
    return item(reply);
  };
  const values: Decoder<T[]> = (reply) => items(reply, item);
  return {
    value,
    valueOrNull: orNull(value),
    values,
    valuesOrNull: orNull(values),
    valuesWithGaps: values,
    pairs: (reply) => pairs(reply, item, item),
    entries: (reply) => pairs(reply, asText, item),
    object: (reply) => {
      const object = Object.create(null) as Record<string, T>;
      for (const [name, value] of pairs(reply, asText, item)) object[name] = value;
      return object;
    },
    memberPage: (reply) => {
      const [cursor, members] = page(reply, item);
      return { cursor, members };
    },
    entryPage: (reply) => {
      want(reply, Tag.Page);
      return { cursor: asText(reply), entries: inTwos(reply, item, item) };
    },
  };
}

/** Values as text. */
export const text: Forms<string> = forms(asText);

/** Values as bytes. */
export const bytes: Forms<Uint8Array> = forms(asBytes);

/** Values in the form that the options ask for. */
export function form(op: string, as: unknown): Forms<unknown> {
  if (as === undefined || as === "text") return text;
  if (as === "bytes") return bytes;
  throw invalidArgument(op, '(as) expects "text" or "bytes"');
}
