// Rows of records, changes, locks and tasks: arrays for the wasm, and objects with names in the database. Ranges of
// keys, which are bytes. No knowledge of what a row means.

import { TextEncoder } from "../../base/globals.js";

/** A row for the wasm: texts, numbers and null. */
export type Row = readonly unknown[];

/** A row in the database. What is null is left out. */
export type Stored = Readonly<Record<string, unknown>>;

export const RECORD = ["key", "version", "stamp", "type", "created", "updated", "deadline", "value"];
export const CHANGE = ["seq", "action", "at", ...RECORD];
export const LOCK = ["owner", "token", "acquired", "until"];
export const TASK = [
  ...["number", "id", "name", "unique", "payload", "status", "created", "due", "started", "ended", "tries"],
  ...["maxRetries", "timeout", "priority", "error", "worker", "token", "until"],
];

/** A row for the database. */
export function stored(names: readonly string[], row: Row): Stored {
  const pairs = names.map((name, index) => [name, row[index]] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== null));
}

/** A row for the wasm. */
export const row = (names: readonly string[], from: Stored): Row => names.map((name) => from[name] ?? null);

const encoder = new TextEncoder();

/** A key's bytes. */
export const bytes = (key: string): Uint8Array<ArrayBuffer> => encoder.encode(key);

/** The keys from `start` to `end`, exclusive; null: there is no end. */
export class Range {
  readonly #start: Uint8Array<ArrayBuffer>;
  readonly #end: Uint8Array<ArrayBuffer> | undefined;

  constructor(start: string, end: string | null) {
    this.#start = bytes(start);
    this.#end = end === null ? undefined : bytes(end);
  }

  /** Whether it contains every key. */
  get isWhole(): boolean {
    return this.#start.length === 0 && this.#end === undefined;
  }

  /** Whether it contains no key. */
  get isEmpty(): boolean {
    return this.#end !== undefined && indexedDB.cmp(this.#end, this.#start) <= 0;
  }

  /** Where it begins. */
  get start(): Uint8Array<ArrayBuffer> {
    return this.#start;
  }

  /** Whether a key of the database is at its end or behind it. */
  isPast(key: IDBValidKey): boolean {
    return this.#end !== undefined && indexedDB.cmp(key, this.#end) >= 0;
  }

  has(key: string): boolean {
    if (this.isWhole) return true;
    const asBytes = bytes(key);
    return indexedDB.cmp(asBytes, this.#start) >= 0 && !this.isPast(asBytes);
  }

  /** It as a range of the database, if it is not empty; after these first parts of a key. */
  keys(...parts: readonly string[]): IDBKeyRange {
    const whole = (last: IDBValidKey) => (parts.length === 0 ? last : [...parts, last]);
    // Arrays come after bytes.
    const end = this.#end ?? [];
    return IDBKeyRange.bound(whole(this.#start), whole(end), false, true);
  }
}
