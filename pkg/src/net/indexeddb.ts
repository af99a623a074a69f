// A browser's IndexedDB, as the wasm borrows it (src/binding/js-net/indexeddb.rs is the other side): loads, commits,
// listings, and a word for each failure. It must not know commands, nor what a value means.

import { keep } from "./causes.js";
import { asked, Connection, OF_RECORDS, Refused, type StoreName, walk } from "./indexeddb/connection.js";
import { ask, type Found, type Query } from "./indexeddb/queries.js";
import { areAudible, type RowWrite, write } from "./indexeddb/writes.js";

/** A page of a listing ends before it holds more bytes of values than this: a cursor reads them too. */
const PAGE_BYTES = 4 << 20;

/** The most expired entries that a commit removes. */
const SWEPT = 64;

/** An entry, without deadline if it never expires. */
interface Entry {
  readonly value: Uint8Array;
  readonly type: string;
  /** In milliseconds since 1970. */
  readonly deadline?: number;
  readonly version: number;
}

/** A key, and the version it must still have; `null`: it must be missing. */
type Check = readonly [key: BufferSource, version: number | null];

/** A key and what it shall hold; without value it is removed. */
type Write = readonly [key: BufferSource, value?: Uint8Array, type?: string, deadline?: number];

/** What a commit writes of records: the checks' results and the last drawn number lead to the writes, or to none. */
type Decide = (found: readonly Found[], sequence: number) => readonly RowWrite[] | undefined;

/** Why something failed, in a word that the other side knows, and the number of the browser's error, if there is one. */
interface Failure {
  readonly failure: string;
  readonly cause?: number;
}

/** The words for the browser's errors; any other is `failed`. */
const WORDS: Readonly<Record<string, string>> = {
  QuotaExceededError: "full",
  SecurityError: "denied",
  AbortError: "aborted",
  ConstraintError: "refused",
  DataCloneError: "refused",
  DataError: "refused",
  InvalidStateError: "aborted",
  NotFoundError: "foreign",
  ReadOnlyError: "refused",
  TransactionInactiveError: "refused",
  TypeError: "refused",
};

/** What to do where there is no IndexedDB. */
interface Missing {
  readonly missing: string;
}

const NOT_HERE =
  "cannot open indexeddb: here: only browsers have IndexedDB. Use sqlite:file.db in Node, Bun and Deno, a Durable Object " +
  "in a Worker (omnikv/durable-object), or a server";

/** A database that is not open yet. `wake` is called when another tab has written what somebody here may wait for. */
export function findIndexedDb(wake: () => void): LentIndexedDb | Missing {
  try {
    const { indexedDB } = globalThis as { indexedDB?: IDBFactory };
    return indexedDB === undefined ? { missing: NOT_HERE } : new LentIndexedDb(indexedDB, wake);
  } catch {
    // Some browsers throw where the page may not store anything.
    return new LentIndexedDb(undefined, wake);
  }
}

/** A database for the wasm. Its functions resolve to a failure instead of rejecting. */
export class LentIndexedDb {
  readonly #factory: IDBFactory | undefined;
  readonly #wake: () => void;
  #connection: Connection | undefined;
  /** Tells other tabs of what they may wait for. */
  #channel: BroadcastChannel | undefined;

  constructor(factory: IDBFactory | undefined, wake: () => void) {
    this.#factory = factory;
    this.#wake = wake;
  }

  /** Opens the database, which is created if it is missing. */
  open(name: string, isStrict: boolean): Promise<Failure | undefined> {
    return told(async () => {
      if (this.#factory === undefined) throw new Refused("denied");
      this.#connection = new Connection(this.#factory, name, isStrict ? "strict" : "relaxed");
      await this.#connection.open();
      this.#channel = new BroadcastChannel(`omnikv indexeddb:${name}`);
      this.#channel.onmessage = this.#wake;
      return undefined;
    });
  }

  /**
   * For each key `[value, type, deadline, version]` or undefined, for each query what it finds, and the last number that
   * was drawn. All of them are of one moment; `now` is the time for the queries.
   */
  load(keys: readonly BufferSource[], queries: readonly Query[], now: number): Promise<object> {
    return this.#run("readonly", inUse(keys, queries), async (transaction) => {
      const [sequence, ...found] = await Promise.all([
        queries.length === 0 ? 0 : sequenceOf(transaction),
        ...keys.map((key) => entryOf(transaction, key)),
      ]);
      const rows = await ask(transaction, queries, now, sequence);
      const entries = found.map((entry) => entry && [entry.value, ...beside(entry)]);
      return { entries, rows, sequence };
    });
  }

  /**
   * Writes if the checks hold, and resolves to the last number that was drawn before; null: nothing was written. `decide`
   * gets what the queries find and returns the writes of records, or undefined if these checks do not hold. Also removes
   * some entries that have expired by `now`.
   */
  async commit(
    checks: readonly Check[],
    writes: readonly Write[],
    queries: readonly Query[],
    decide: Decide | undefined,
    now: number,
  ): Promise<number | null | Failure> {
    const stores: StoreName[] = ["entries", "numbers", ...(decide === undefined ? [] : OF_RECORDS)];
    let isAudible = false;
    const done = await this.#run("readwrite", stores, async (transaction) => {
      const [sequence, ...found] = await Promise.all([
        decide === undefined ? 0 : sequenceOf(transaction),
        ...checks.map(([key]) => entryOf(transaction, key)),
      ]);
      const holds = checks.every(([, version], index) => (found[index]?.version ?? null) === version);
      if (!holds) return null;
      if (decide !== undefined) {
        const decided = decide(await ask(transaction, queries, now, sequence), sequence);
        if (decided === undefined) return null;
        await write(transaction, decided, now);
        isAudible = areAudible(decided);
      }
      if (writes.length > 0) await writeEntries(transaction, writes, now);
      return sequence;
    });
    if (isAudible && typeof done === "number") this.#channel?.postMessage(null);
    return done;
  }

  /**
   * Up to `limit` rows from `lower`, or after it, to `upper`, exclusive: key, type, deadline or null, and version; and
   * whether there may be more.
   */
  list(
    lower: BufferSource,
    isAfter: boolean,
    upper: BufferSource | undefined,
    isReverse: boolean,
    limit: number,
  ): Promise<object> {
    return this.#run("readonly", ["entries"], async (transaction) => {
      const range =
        upper === undefined
          ? IDBKeyRange.lowerBound(lower, isAfter)
          : IDBKeyRange.bound(lower, upper, isAfter, true);
      const entries = transaction.objectStore("entries").openCursor(range, isReverse ? "prev" : "next");
      const rows: unknown[][] = [];
      let hasMore = false;
      let bytes = 0;
      await walk(entries, ({ key, value }) => {
        hasMore = rows.length === limit || bytes > PAGE_BYTES;
        if (hasMore) return "stop";
        rows.push([key, ...beside(value as Entry)]);
        bytes += (value as Partial<Entry>).value?.byteLength ?? 0;
        return undefined;
      });
      return { rows, hasMore };
    });
  }

  /** Closes the connection once its transactions are done. */
  async close(): Promise<void> {
    this.#channel?.close();
    await this.#connection?.close();
  }

  #run<V>(
    mode: "readonly" | "readwrite",
    stores: readonly StoreName[],
    work: (transaction: IDBTransaction) => Promise<V>,
  ): Promise<V | Failure> {
    return told(async () => {
      if (this.#connection === undefined) throw new Refused("denied");
      return this.#connection.run(mode, stores, work);
    });
  }
}

/** The object stores for these keys and queries. */
const inUse = (keys: readonly BufferSource[], queries: readonly Query[]): StoreName[] => [
  ...(keys.length > 0 || queries.length === 0 ? (["entries"] as const) : []),
  ...(queries.length > 0 ? (["numbers", ...OF_RECORDS] as const) : []),
];

const entryOf = (transaction: IDBTransaction, key: BufferSource) =>
  asked<Entry | undefined>(transaction.objectStore("entries").get(key));

/** Type, deadline or null, and version. */
const beside = ({ type, deadline, version }: Entry) => [type, deadline ?? null, version];

const numberOf = async (transaction: IDBTransaction, name: string) =>
  (await asked<number | undefined>(transaction.objectStore("numbers").get(name))) ?? 0;

/** The last number that was drawn for a change, a token or a task. */
const sequenceOf = (transaction: IDBTransaction) => numberOf(transaction, "sequence");

/** Writes entries with the next version, and removes some that have expired. */
async function writeEntries(
  transaction: IDBTransaction,
  writes: readonly Write[],
  now: number,
): Promise<void> {
  const entries = transaction.objectStore("entries");
  const version = (await numberOf(transaction, "version")) + 1;
  transaction.objectStore("numbers").put(version, "version");
  for (const [key, value, type, deadline] of writes) {
    if (value === undefined) entries.delete(key);
    else entries.put({ value, type, ...(deadline === undefined ? {} : { deadline }), version }, key);
  }
  const due = IDBKeyRange.upperBound(now);
  for (const key of await asked(entries.index("deadline").getAllKeys(due, SWEPT))) entries.delete(key);
}

/** The result of work, or why there is none. */
async function told<V>(work: () => Promise<V>): Promise<V | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return { failure: error.word };
    return { failure: WORDS[(error as Error).name] ?? "failed", cause: keep(error) };
  }
}
