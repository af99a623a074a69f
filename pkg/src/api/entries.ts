// Entries for export and import: their form, and the commands that read and write them. Serializers do not matter here:
// values are handled as bytes.

import { arity, isBytes, key, options, score, text as checkedText, typeName } from "../values/arguments.js";
import type { Call } from "../wire/connection.js";
import { failed, invalidArgument, KvError } from "../base/errors.js";
import { deadline } from "../values/expiry.js";
import type { ScanOptions, ValueType } from "../operations/keyspace.js";
import { bytes, count, type Decoder, type KeyPage, ok, text } from "../wire/replies.js";
import { throwIfAborted } from "../base/signals.js";
import { type Steps, wait } from "../base/steps.js";
import { type Argument, utf8 } from "../wire/wire.js";

/** Everything a store knows about a key; `B` is the form of bytes. */
export type Entry<B = Uint8Array> = {
  /** The key, without the handle's prefix. */
  readonly key: string;
  /** When the key expires, in milliseconds since 1970; `null`: never. */
  readonly expireAt: number | null;
} & Content<B>;

/** A key's value. */
export type Content<B> =
  | {
      /** The type of the value. */
      readonly type: "string";
      /**
       * A string's bytes; a list's elements in order; a set's members; a hash's fields, each with its value; a sorted set's
       * members, each with its score.
       */
      readonly value: B;
    }
  | { readonly type: "list" | "set"; readonly value: readonly B[] }
  | { readonly type: "hash"; readonly value: readonly (readonly [field: B, value: B])[] }
  | { readonly type: "zset"; readonly value: readonly (readonly [member: B, score: Score<B>])[] };

/** A score; JSON has no infinite numbers, but their text. */
export type Score<B> = B extends Uint8Array ? number : number | "inf" | "-inf";

/** Bytes in JSON: text if they are UTF-8, otherwise base64. */
export type JsonBytes = string | { readonly base64: string };

/** An entry that JSON can represent. */
export type JsonEntry = Entry<JsonBytes>;

/** An entry to load. Without `expireAt` it never expires. */
export type Loadable = {
  /** The key, without the handle's prefix. */
  readonly key: string;
  /** When it expires: a `Date`, or milliseconds since 1970. Default, and `null`: never. */
  readonly expireAt?: number | Date | null | undefined;
} & Content<Uint8Array | JsonBytes>;

/** Which entries to read, and how many keys to visit per call. */
export type EntryOptions = Pick<ScanOptions, "match" | "count" | "type" | "signal">;

/** Runs commands as a transaction. */
type Together = (calls: readonly Call[]) => unknown;

/** The command that reads all of a value, by its type, and how its reply is read. */
export const READ: Record<ValueType, readonly [decode: Decoder<unknown>, word: string, ...rest: string[]]> = {
  string: [bytes.valueOrNull, "GET"],
  list: [bytes.values, "LRANGE", "0", "-1"],
  hash: [bytes.pairs, "HGETALL"],
  set: [bytes.values, "SMEMBERS"],
  zset: [bytes.scored, "ZRANGE", "0", "-1", "WITHSCORES"],
};

const WRITE: Record<ValueType, string> = {
  string: "SET",
  list: "RPUSH",
  hash: "HSET",
  set: "SADD",
  zset: "ZADD",
};

/** Reads one page of entries: the keys that `scan` finds from a cursor on. */
export function* entryPage(
  scan: (options: ScanOptions) => unknown,
  together: Together,
  given: unknown,
): Steps<{ cursor: string; entries: Entry<unknown>[] }> {
  const op = "entries";
  const chosen = options<EntryOptions & { as: unknown }>(op, given, ["match", "count", "type", "as"]);
  const { as, ...search } = chosen;
  const { signal } = search;
  throwIfAborted(op, signal);
  if (as !== undefined && as !== "json") throw invalidArgument(op, '(as) expects "json"');
  const { cursor, keys } = yield* wait<KeyPage>(scan(search));
  const entries: Entry<unknown>[] = [];
  let left = yield* typesOf(together, keys);
  while (left.length > 0) {
    const calls = left.flatMap(([key, type]) => reading(op, key, type));
    const answers = yield* wait<unknown[]>(together(calls));
    const changed: string[] = [];
    for (const [index, [key, type]] of left.entries()) {
      const [found, expireAt, value] = answers.slice(3 * index, 3 * index + 3);
      // The key changed its type after the scan.
      if (found !== type) changed.push(key);
      else entries.push(entryOf(key, type, value, expireAt as number, as === "json"));
    }
    left = changed.length === 0 ? [] : yield* typesOf(together, changed);
  }
  return { cursor, entries };
}

function* typesOf(together: Together, keys: readonly string[]): Steps<[key: string, type: ValueType][]> {
  if (keys.length === 0) return [];
  const calls = keys.map((key) => ({ op: "entries", command: ["TYPE", key], decode: text.value }));
  const types = yield* wait<string[]>(together(calls));
  return keys.flatMap((key, index) => (types[index] === "none" ? [] : [[key, types[index] as ValueType]]));
}

function reading(op: string, key: string, type: ValueType): Call[] {
  const [decode, word, ...rest] = READ[type];
  return [
    { op, command: ["TYPE", key], decode: text.value },
    { op, command: ["PEXPIRETIME", key], decode: count },
    { op, command: [word, key, ...rest], decode },
  ];
}

function entryOf(
  key: string,
  type: ValueType,
  value: unknown,
  expireAt: number,
  asJson: boolean,
): Entry<unknown> {
  const content = asJson ? inJson(value as Nested) : value;
  return { key, type, value: content, expireAt: expireAt < 0 ? null : expireAt } as Entry<unknown>;
}

/** Bytes, scores, or nested lists of them. */
type Nested = Uint8Array | number | readonly Nested[];

function inJson(value: Nested): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : value > 0 ? "inf" : "-inf";
  if (!isBytes(value)) return value.map(inJson);
  try {
    return utf8("entries", value);
  } catch {
    return { base64: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join("")) };
  }
}

/** The most entries written at once, and the number of bytes after which no further entry is added. */
const MOST_ENTRIES = 100;
const MOST_BYTES = 1 << 20;

/** Writes entries and returns how many. */
export function* load(together: Together, given: unknown, got: number): Steps<number> {
  arity("load", got, 1);
  const source = iterator(given);
  const spare = spareKey();
  let loaded = 0;
  let waiting: Call[][] = [];
  let size = 0;
  let isDone = false;
  try {
    while (!isDone) {
      const step = yield* wait<IteratorResult<unknown>>(source.next());
      if (step instanceof Promise) {
        throw invalidArgument("load", "(entries) expects an iterable, got promises");
      }
      isDone = step.done === true;
      if (!isDone) {
        const calls = writing(spare, step.value);
        waiting.push(calls);
        for (const word of calls[0]?.command ?? []) size += word.length;
      }
      if (waiting.length === MOST_ENTRIES || size > MOST_BYTES || isDone) {
        loaded += yield* write(together, waiting);
        waiting = [];
        size = 0;
      }
    }
  } finally {
    if (!isDone) yield* wait(source.return?.());
  }
  return loaded;
}

function iterator(given: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof given === "object" && given !== null) {
    const source = given as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    const found = source[Symbol.iterator]?.() ?? source[Symbol.asyncIterator]?.();
    if (found !== undefined) return found;
  }
  throw invalidArgument("load", `(entries) expects an iterable, got ${typeName(given)}`);
}

/**
 * A random temporary name; short, because a prefix may leave little room. An entry that takes several commands, or may
 * have expired, is written under it and then renamed, so that it appears as a whole or not at all.
 */
function spareKey(): string {
  const [random] = globalThis.crypto.getRandomValues(new Uint32Array(1)) as unknown as [number];
  return `~load${random.toString(36)}`;
}

function* write(together: Together, entries: readonly Call[][]): Steps<number> {
  if (entries.length === 0) return 0;
  let answers: unknown[];
  try {
    answers = yield* wait<unknown[]>(together(entries.flat()));
  } catch (error) {
    // The transaction failed, which the user has not called.
    if (!(error instanceof KvError) || error.op !== "multi") throw error;
    throw failed("load", error.code, error.message.replace("multi ", ""), error);
  }
  let written = 0;
  for (const calls of entries) {
    const [first, ...rest] = answers.splice(0, calls.length);
    if (first instanceof KvError) throw first;
    const last = rest.pop();
    // The temporary key does not exist any more: it has expired.
    if (!(last instanceof KvError)) written++;
    else if (last.code !== "not-found") throw last;
  }
  return written;
}

/** The commands that write an entry: value, deadline, name. */
function writing(spare: string, given: unknown): Call[] {
  const op = "load";
  const { key: name, type, value, expireAt = null } = entry(given);
  const named = key(op, "key", name);
  const when = expireAt === null ? null : deadline(op, expireAt);
  const words =
    type === "zset"
      ? value.flatMap(([member, score]) => [scoreOf(score), content(member)])
      : [value].flat(2).map((item) => content(item));
  if (type === "string" && when === null) {
    return [{ op, command: ["SET", named, ...words, "PERSIST"], decode: ok }];
  }
  const command: Argument[] = [WRITE[type], spare, ...words];
  const calls: Call[] = [{ op, command, decode: type === "string" ? ok : count }];
  if (type === "string") command.push("PXAT", when as string);
  else if (when !== null) calls.push({ op, command: ["PEXPIREAT", spare, when], decode: count });
  return [...calls, { op, command: ["RENAME", spare, named], decode: ok }];
}

function entry(given: unknown): Loadable {
  const { type, value } = (given ?? {}) as Partial<Loadable>;
  const isMany = Array.isArray(value);
  const isRight =
    type === "hash" || type === "zset"
      ? isMany && value.every((pair) => Array.isArray(pair) && pair.length === 2)
      : type === "string"
        ? !isMany
        : (type === "list" || type === "set") && isMany;
  if (isRight) return given as Loadable;
  throw invalidArgument("load", "(entries) expects entries of key, type, value and expireAt");
}

function scoreOf(item: unknown): Argument {
  return item === "inf" || item === "-inf" ? item : score("load", "score", item);
}

function content(item: unknown): Argument {
  if (isBytes(item)) return item;
  if (typeof item === "string") return checkedText("load", "value", item);
  const { base64 } = (item ?? {}) as { base64?: unknown };
  if (typeof base64 !== "string") {
    throw invalidArgument("load", `(value) expects bytes, text or base64, got ${typeName(item)}`);
  }
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    throw invalidArgument("load", "(value) expects well-formed base64");
  }
}
