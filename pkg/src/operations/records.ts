// Records: JSON documents, each with a version, in a namespace of their own.

import { arity, integer, items, key, object, text } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";
import { EXPIRY, type Expiry, expiryWords } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { jsonCodec } from "../values/serializer.js";
import { count, counts } from "../wire/replies.js";
import {
  asHead,
  asRecord,
  asRecords,
  asRecordsOrNull,
  type DocumentRecord,
  type RecordHead,
} from "../values/rows.js";
import type { Argument } from "../wire/wire.js";
import { family } from "./family.js";
import {
  type Check,
  irregular,
  named,
  type Operation,
  operation,
  type Options,
  variadic,
} from "./operation.js";
import { type NewTask, taskWords } from "./tasks.js";

/** What a put or a patch says beside the value. */
export type PutOptions = Expiry & {
  /** The record's type. A put without it leaves it away, a patch keeps it. */
  readonly type?: string | undefined;
};

/** Which of the records that were found. */
export interface Window extends Cancellable {
  /** Without the first so many. */
  readonly offset?: number | undefined;
  /** At most so many. Without it: all. */
  readonly limit?: number | undefined;
}

/** Which records are listed: those for which all of this holds. */
export interface ListOptions extends Window {
  /** The key begins with this text. */
  readonly prefix?: string | undefined;
  /** The key is not before this one. */
  readonly start?: string | undefined;
  /** The key is before this one. */
  readonly end?: string | undefined;
  /** The key is behind this one: with the last key of a page, the next page, whatever others write meanwhile. */
  readonly after?: string | undefined;
  /** The record has this type. */
  readonly type?: string | undefined;
}

/** One part of a transaction of records. */
export type Mutation =
  | ({ readonly put: string; readonly version: number; readonly value: unknown } & Omit<PutOptions, "signal">)
  | ({ readonly patch: string; readonly version: number; readonly value: unknown } & Omit<
      PutOptions,
      "signal"
    >)
  | { readonly delete: string | readonly string[] }
  | ({ readonly deletePrefix: string } & Omit<Window, "signal">)
  | ({ readonly deleteRange: readonly [start: string, end: string] } & Omit<Window, "signal">)
  | { readonly task: NewTask };

/**
 * JSON documents, each with a version, in a namespace of their own that plain keys never meet. Every change of one is in the
 * stream of `changes`. A value is kept as `JSON.stringify` writes it.
 */
export interface Records<M extends Mode> {
  /**
   * Writes a record: with version -1 in any case, with 0 only if there is none, with any other only if that is the record's.
   * O(log n).
   *
   * Errors: `conflict` when the record has another version: nothing has changed then.
   */
  put(name: string, version: number, content: unknown, given?: PutOptions): Ret<M, RecordHead>;

  /**
   * Changes a record by a JSON merge patch (RFC 7396): members that are null go, objects are merged, all else is replaced. With
   * version -1 a record that does not exist begins as `{}`. Its type and its TTL stay. O(log n), and the length of the value.
   *
   * Errors: `conflict` as for `put`.
   */
  patch(name: string, version: number, patch: unknown, given?: PutOptions): Ret<M, RecordHead>;

  /** A record; `null` when there is none. O(log n). */
  get<T = unknown>(name: string): Ret<M, DocumentRecord<T> | null>;

  /** Records, in the order of their keys: `null` for one that is not there. O(log n) each. */
  getMany<T = unknown>(...keys: string[]): Ret<M, (DocumentRecord<T> | null)[]>;
  getMany<T = unknown>(keys: readonly string[]): Ret<M, (DocumentRecord<T> | null)[]>;

  /** The records whose keys begin with a text, in the order of the keys' bytes. O(log n + offset + records). */
  getPrefix<T = unknown>(prefix: string, given?: Window): Ret<M, DocumentRecord<T>[]>;

  /** The records in `[start, end)`, in the order of the keys' bytes. O(log n + offset + records). */
  getRange<T = unknown>(start: string, end: string, given?: Window): Ret<M, DocumentRecord<T>[]>;

  /** The records of a type, in the order of the keys' bytes. O(all records). */
  getType<T = unknown>(type: string, given?: Window): Ret<M, DocumentRecord<T>[]>;

  /** The records that the options choose, in the order of the keys' bytes. O(log n + offset + records). */
  list<T = unknown>(given?: ListOptions): Ret<M, DocumentRecord<T>[]>;

  /** How many records there are. O(records). */
  count(): Ret<M, number>;

  /** How many records have keys that begin with a text. O(log n + the count). */
  countPrefix(prefix: string): Ret<M, number>;

  /** How many records are in `[start, end)`. O(log n + the count). */
  countRange(start: string, end: string): Ret<M, number>;

  /** Removes records and returns how many existed. O(log n) each. */
  delete(...keys: string[]): Ret<M, number>;
  delete(keys: readonly string[]): Ret<M, number>;

  /**
   * Removes the records whose keys begin with a text and returns how many existed. `*` stands for all. O(log n) each.
   *
   * Errors: `invalid-argument` for an empty prefix.
   */
  deletePrefix(prefix: string, given?: Window): Ret<M, number>;

  /** Removes the records in `[start, end)` and returns how many existed. O(log n) each. */
  deleteRange(start: string, end: string, given?: Window): Ret<M, number>;

  /**
   * Runs any mix of puts, patches, deletions and new tasks as one; how many records each has affected.
   *
   * Errors: that of the first part that fails, and which one it is: nothing has changed then.
   */
  mutate(mutations: readonly Mutation[]): Ret<M, number[]>;
}

/** The records of one type, as values of one type. */
export interface TypedRecords<M extends Mode, T> {
  /** As `records.put`, with this type. */
  put(name: string, version: number, content: T, given?: Omit<PutOptions, "type">): Ret<M, RecordHead>;
  /** As `records.patch`, with this type. */
  patch(name: string, version: number, patch: Patch<T>, given?: Omit<PutOptions, "type">): Ret<M, RecordHead>;
  /** As `records.get`. A record of another type is given all the same. */
  get(name: string): Ret<M, DocumentRecord<T> | null>;
  /** As `records.list`, of this type alone. */
  list(given?: Omit<ListOptions, "type">): Ret<M, DocumentRecord<T>[]>;
}

/** A merge patch for a `T`: each member may be another value, or `null`, which removes it. */
export type Patch<T> = T extends readonly unknown[] | string | number | boolean | null
  ? T
  : { readonly [Name in keyof T]?: Patch<T[Name]> | null };

const document: Check = (op, name, given) => jsonCodec.encode(op, name, given);

const TYPE = named({ type: text });
const PUTTING: Options = {
  names: [...EXPIRY, "type"],
  words: (op, told, codec) => [...expiryWords(op, told), ...TYPE.words(op, told, codec)],
};
const WINDOW = named({ offset: integer, limit: integer });
const LISTING = named({
  prefix: text,
  start: text,
  end: text,
  after: text,
  type: text,
  offset: integer,
  limit: integer,
});

const writing = operation({ key, version: integer, value: document }, asHead, PUTTING);

/** `RECORDS.LIST` or `RECORDS.COUNT`, with such an option for each argument. */
const listed = (word: string, names: readonly string[], reply: Parameters<typeof operation>[1], more = 0) =>
  irregular(
    names.length,
    names.length + more,
    (op, given) => [
      word,
      ...names.flatMap((name, index) => [name.toUpperCase(), text(op, name, given[index])]),
    ],
    reply,
    more === 0 ? undefined : WINDOW,
  );

/** The kinds of parts of a transaction, each with the members beside it. */
const MUTATIONS: Readonly<Record<string, readonly string[]>> = {
  put: ["version", "value", ...PUTTING.names],
  patch: ["version", "value", ...PUTTING.names],
  delete: [],
  deletePrefix: ["offset", "limit"],
  deleteRange: ["offset", "limit"],
  task: [],
};

/** Rejects a part of a transaction that is none, is two, or has members that would be ignored. */
function checkMutation(op: string, part: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(part).filter((name) => part[name] !== undefined);
  const [kind, ...more] = names.filter((name) => name in MUTATIONS);
  if (kind === undefined || more.length > 0) {
    throw invalidArgument(op, `(mutations) expects one of ${Object.keys(MUTATIONS).join(", ")} in each`);
  }
  const unknown = names.find((name) => name !== kind && !MUTATIONS[kind]?.includes(name));
  if (unknown !== undefined) throw invalidArgument(op, `(mutations) has no option ${unknown} for ${kind}`);
}

/** The words of a part of a transaction: those of the operation that does it alone. */
function mutationWords(op: string, given: unknown): Argument[] {
  const part = object(op, "mutations", given) as Readonly<Record<string, unknown>>;
  checkMutation(op, part);
  const written = (word: string, name: unknown) => [
    word,
    key(op, "key", name),
    integer(op, "version", part["version"]),
    document(op, "value", part["value"], jsonCodec) as Argument,
    ...PUTTING.words(op, part, jsonCodec),
  ];
  const window = () => WINDOW.words(op, part, jsonCodec);
  if (part["put"] !== undefined) return written("RECORDS.PUT", part["put"]);
  if (part["patch"] !== undefined) return written("RECORDS.PATCH", part["patch"]);
  if (part["delete"] !== undefined) {
    return ["RECORDS.DELETE", ...[part["delete"]].flat().map((name) => key(op, "key", name))];
  }
  if (part["deletePrefix"] !== undefined) {
    return ["RECORDS.DELETEPREFIX", text(op, "prefix", part["deletePrefix"]), ...window()];
  }
  if (part["deleteRange"] !== undefined) {
    if (!Array.isArray(part["deleteRange"])) throw invalidArgument(op, "(deleteRange) expects [start, end]");
    const [start, end] = part["deleteRange"] as unknown[];
    return ["RECORDS.DELETERANGE", text(op, "start", start), text(op, "end", end), ...window()];
  }
  return taskWords(op, part["task"]);
}

/** @internal How each of them is done. */
const records = {
  put: writing,
  patch: writing,
  get: operation({ key }, asRecord),
  getMany: variadic({}, "key", key, asRecordsOrNull),
  getPrefix: listed("RECORDS.LIST", ["prefix"], asRecords, 1),
  getRange: listed("RECORDS.LIST", ["start", "end"], asRecords, 1),
  getType: listed("RECORDS.LIST", ["type"], asRecords, 1),
  list: operation({}, asRecords, LISTING),
  count: operation({}, count),
  countPrefix: listed("RECORDS.COUNT", ["prefix"], count),
  countRange: listed("RECORDS.COUNT", ["start", "end"], count),
  delete: variadic({}, "key", key, count),
  deletePrefix: operation({ prefix: text }, count, WINDOW),
  deleteRange: operation({ start: text, end: text }, count, WINDOW),
  mutate: (op) =>
    function (mutations, ...rest) {
      arity(op, 1 + rest.length, 1);
      if (!Array.isArray(mutations)) throw invalidArgument(op, "(mutations) expects an array");
      const words = items([mutations]).flatMap((part) => {
        const each = mutationWords(op, part);
        return [String(each.length), ...each];
      });
      return this.send(op, ["RECORDS.MUTATE", ...words], counts);
    },
} satisfies Record<keyof Records<Mode>, Operation>;

const Base = family<Records<Mode>>("records", records);

/** @internal The records of a store. */
export class RecordsOf extends Base {
  /** The same records as values of one type, in TypeScript and in the store. */
  of(type: string): TypedRecords<Mode, unknown> {
    text("records.of", "type", type);
    return {
      put: (name, version, content, given) =>
        this.put(name, version, content, { ...given, type } as PutOptions),
      patch: (name, version, patch, given) =>
        this.patch(name, version, patch, { ...given, type } as PutOptions),
      get: (name) => this.get(name),
      list: (given) => this.list({ ...given, type }),
    };
  }
}
