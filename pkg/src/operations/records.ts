// Records: JSON documents, each with a version, in a namespace of their own.

import { arity, integer, items, key, object, text } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";
import { EXPIRY, type Expiry, expiryWords } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { documentCodec } from "../values/serializer.js";
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

/** Options of a put or a patch. */
export type PutOptions = Expiry & {
  /** The record's type. Without it, a put removes the type and a patch keeps it. */
  readonly type?: string | undefined;
};

/** Which of the records found to use. */
export interface Window extends Cancellable {
  /** How many to skip. */
  readonly offset?: number | undefined;
  /** The most to return. Default: all. */
  readonly limit?: number | undefined;
}

/** Which records to list: those that meet all of these conditions. */
export interface ListOptions extends Window {
  /** The key starts with this text. */
  readonly prefix?: string | undefined;
  /** The key is not before this one. */
  readonly start?: string | undefined;
  /** The key is before this one. */
  readonly end?: string | undefined;
  /** The key comes after this one. Pass the last key of a page to get the next page; what others write meanwhile does not shift it. */
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
 * JSON documents with versions, in a namespace of their own: records and plain keys never meet. Every change of one is
 * in the stream of `changes`. A value is kept as `JSON.stringify` writes it.
 */
export interface Records<M extends Mode> {
  /**
   * Writes a record. Version -1 always writes, 0 only if there is no record, and any other only if it is the record's
   * version. O(log n).
   *
   * Errors: `conflict` if the record has another version; nothing has changed.
   */
  put(key: string, version: number, value: unknown, options?: PutOptions): Ret<M, RecordHead>;

  /**
   * Changes a record by a JSON merge patch (RFC 7396): null members are removed, objects are merged, everything else is
   * replaced. With version -1, a record that does not exist starts as `{}`. The type and the TTL stay. O(log n), and
   * O(m log m) for m members.
   *
   * Errors: `conflict`, as for `put`.
   */
  patch(key: string, version: number, patch: unknown, options?: PutOptions): Ret<M, RecordHead>;

  /** Returns a record; `null` if there is none. O(log n). */
  get<T = unknown>(key: string): Ret<M, DocumentRecord<T> | null>;

  /** Returns records in the order of the given keys, with `null` for one that does not exist. O(log n) each. */
  getMany<T = unknown>(...keys: string[]): Ret<M, (DocumentRecord<T> | null)[]>;
  getMany<T = unknown>(keys: readonly string[]): Ret<M, (DocumentRecord<T> | null)[]>;

  /** Returns the records whose keys start with a prefix, in the order of the keys' bytes. O(log n + offset + records). */
  getPrefix<T = unknown>(prefix: string, options?: Window): Ret<M, DocumentRecord<T>[]>;

  /** Returns the records in `[start, end)`, in the order of the keys' bytes. O(log n + offset + records). */
  getRange<T = unknown>(start: string, end: string, options?: Window): Ret<M, DocumentRecord<T>[]>;

  /** Returns the records of a type, in the order of the keys' bytes. O(all records). */
  getType<T = unknown>(type: string, options?: Window): Ret<M, DocumentRecord<T>[]>;

  /** Returns the records that match the options, in the order of the keys' bytes. O(log n + offset + records). */
  list<T = unknown>(options?: ListOptions): Ret<M, DocumentRecord<T>[]>;

  /** Returns the number of records. O(records). */
  count(): Ret<M, number>;

  /** Returns the number of records whose keys start with a prefix. O(log n + the count). */
  countPrefix(prefix: string): Ret<M, number>;

  /** Returns the number of records in `[start, end)`. O(log n + the count). */
  countRange(start: string, end: string): Ret<M, number>;

  /** Deletes records and returns how many existed. O(log n) each. */
  delete(...keys: string[]): Ret<M, number>;
  delete(keys: readonly string[]): Ret<M, number>;

  /**
   * Deletes the records whose keys start with a prefix and returns how many there were. `*` means all records. O(log n)
   * each.
   *
   * Errors: `invalid-argument` for an empty prefix.
   */
  deletePrefix(prefix: string, options?: Window): Ret<M, number>;

  /** Deletes the records in `[start, end)` and returns how many there were. O(log n) each. */
  deleteRange(start: string, end: string, options?: Window): Ret<M, number>;

  /**
   * Writes a record that does not exist, with the version, the moments, the type and the expiry that it had in another
   * store. Its stamp is new, and the change is a creation. O(log n).
   *
   * Errors: `conflict` if there is such a record.
   */
  restore(record: DocumentRecord): Ret<M, RecordHead>;

  /**
   * Runs any mix of puts, patches, deletions and new tasks as one transaction. Returns how many records each part
   * affected.
   *
   * Errors: the error of the first part that fails, with its position; nothing has changed.
   */
  mutate(mutations: readonly Mutation[]): Ret<M, number[]>;
}

/** The records of one type, as values of one type. */
export interface TypedRecords<M extends Mode, T> {
  /** Like `records.put`, with this type. */
  put(key: string, version: number, value: T, options?: Omit<PutOptions, "type">): Ret<M, RecordHead>;
  /** Like `records.patch`, with this type. */
  patch(
    key: string,
    version: number,
    patch: Patch<T>,
    options?: Omit<PutOptions, "type">,
  ): Ret<M, RecordHead>;
  /** Like `records.get`. It returns records of other types too. */
  get(key: string): Ret<M, DocumentRecord<T> | null>;
  /** Like `records.list`, but only of this type. */
  list(options?: Omit<ListOptions, "type">): Ret<M, DocumentRecord<T>[]>;
}

/** A merge patch for a `T`: each member may be another value, or `null`, which removes it. */
export type Patch<T> = T extends readonly unknown[] | string | number | boolean | null
  ? T
  : { readonly [Name in keyof T]?: Patch<T[Name]> | null };

const document: Check = (op, name, given) => documentCodec.encode(op, name, given);

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
    document(op, "value", part["value"], documentCodec) as Argument,
    ...PUTTING.words(op, part, documentCodec),
  ];
  const window = () => WINDOW.words(op, part, documentCodec);
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

/** The words that restore a record. */
function restoreWords(op: string, given: unknown): Argument[] {
  const record = object(op, "record", given) as Readonly<Record<string, unknown>>;
  const { type = null, expiresAt = null } = record;
  return [
    "RECORDS.RESTORE",
    key(op, "key", record["key"]),
    integer(op, "version", record["version"]),
    integer(op, "created", record["created"]),
    integer(op, "updated", record["updated"]),
    document(op, "value", record["value"], documentCodec) as Argument,
    ...(type === null ? [] : ["TYPE", text(op, "type", type)]),
    ...(expiresAt === null ? [] : ["PXAT", integer(op, "expiresAt", expiresAt)]),
  ];
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
  restore: irregular(1, 1, (op, [given]) => restoreWords(op, given), asHead),
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
