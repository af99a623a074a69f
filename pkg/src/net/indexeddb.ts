// A browser's IndexedDB, as the wasm borrows it (src/binding/js-net/indexeddb.rs is the other side): connections,
// transactions, and a word for each failure. It must not know commands, nor what a value means.

import { clearTimeout, setTimeout } from "../base/timing.js";
import { keep } from "./causes.js";

/** The entries by their keys, which are bytes: other code reads `store.get(new TextEncoder().encode("key"))`. */
const ENTRIES = "entries";

/** Counters by their names. `version` is the version of what the last commit wrote. */
const NUMBERS = "numbers";

/** The steps from each version of the database to the next. What has been released is not changed. */
const UPGRADES: readonly ((database: IDBDatabase) => void)[] = [
  (database) => {
    database.createObjectStore(ENTRIES).createIndex("deadline", "deadline");
    database.createObjectStore(NUMBERS);
  },
];

/** How long to wait for other tabs to close their connections of an older version, in milliseconds. */
const PATIENCE = 5_000;

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

/** Why something failed, in a word that the other side knows, and the number of the browser's error. */
interface Failure {
  readonly failure: string;
  readonly cause: number;
}

/** The words for the browser's errors; any other is `failed`. */
const WORDS: Readonly<Record<string, string>> = {
  QuotaExceededError: "full",
  SecurityError: "denied",
  AbortError: "aborted",
  ConstraintError: "refused",
  DataCloneError: "refused",
  DataError: "refused",
  NotFoundError: "foreign",
  ReadOnlyError: "refused",
  TransactionInactiveError: "refused",
};

/** A failure for which the browser has no error. */
class Refused extends Error {
  constructor(readonly word: string) {
    super(word);
  }
}

/** What to do where there is no IndexedDB. */
interface Missing {
  readonly missing: string;
}

const NOT_HERE =
  "cannot open indexeddb: here: only browsers have IndexedDB. Use sqlite:file.db in Node, Bun and Deno, a Durable Object " +
  "in a Worker (omnikv/durable-object), or a server";

/** A database that is not open yet. */
export function findIndexedDb(): LentIndexedDb | Missing {
  try {
    const { indexedDB } = globalThis as { indexedDB?: IDBFactory };
    return indexedDB === undefined ? { missing: NOT_HERE } : new LentIndexedDb(indexedDB);
  } catch {
    // Some browsers throw where the page may not store anything.
    return new LentIndexedDb(undefined);
  }
}

/** A database for the wasm. Its functions resolve to a failure instead of rejecting. */
export class LentIndexedDb {
  readonly #factory: IDBFactory | undefined;
  #name = "";
  #durability: IDBTransactionDurability = "relaxed";
  /** The connection: opened by the first call, and by the next one after the browser or another tab has closed it. */
  #connection: Promise<IDBDatabase> | undefined;
  #wasOpen = false;

  constructor(factory: IDBFactory | undefined) {
    this.#factory = factory;
  }

  /** Opens the database, which is created if it is missing. */
  open(name: string, isStrict: boolean): Promise<Failure | undefined> {
    this.#name = name;
    if (isStrict) this.#durability = "strict";
    return told(async () => {
      await this.#connect();
      this.#wasOpen = true;
      return undefined;
    });
  }

  /** For each key its row: value, type, deadline or null, and version; or undefined. */
  load(keys: readonly BufferSource[]): Promise<(unknown[] | undefined)[] | Failure> {
    return told(async () => {
      const found = await this.#run("readonly", [ENTRIES], (transaction) => {
        const entries = transaction.objectStore(ENTRIES);
        return Promise.all(keys.map((key) => asked<Entry | undefined>(entries.get(key))));
      });
      return found.map((entry) => entry && [entry.value, ...beside(entry)]);
    });
  }

  /** Writes if the checks hold; resolves to whether it has. Also removes some entries that have expired by `now`. */
  commit(checks: readonly Check[], writes: readonly Write[], now: number): Promise<boolean | Failure> {
    return told(() =>
      this.#run("readwrite", [ENTRIES, NUMBERS], async (transaction) => {
        const entries = transaction.objectStore(ENTRIES);
        const numbers = transaction.objectStore(NUMBERS);
        const [last, ...found] = await Promise.all([
          asked<number | undefined>(numbers.get("version")),
          ...checks.map(([key]) => asked<Entry | undefined>(entries.get(key))),
        ]);
        const holds = checks.every(([, version], index) => (found[index]?.version ?? null) === version);
        if (!holds) return false;
        const version = (last ?? 0) + 1;
        numbers.put(version, "version");
        for (const [key, value, type, deadline] of writes) {
          if (value === undefined) entries.delete(key);
          else entries.put({ value, type, ...(deadline === undefined ? {} : { deadline }), version }, key);
        }
        const due = IDBKeyRange.upperBound(now);
        for (const key of await asked(entries.index("deadline").getAllKeys(due, SWEPT))) entries.delete(key);
        return true;
      }),
    );
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
  ): Promise<{ rows: unknown[][]; hasMore: boolean } | Failure> {
    const range =
      upper === undefined
        ? IDBKeyRange.lowerBound(lower, isAfter)
        : IDBKeyRange.bound(lower, upper, isAfter, true);
    return told(() =>
      this.#run("readonly", [ENTRIES], (transaction) => {
        const request = transaction.objectStore(ENTRIES).openCursor(range, isReverse ? "prev" : "next");
        const rows: unknown[][] = [];
        let bytes = 0;
        return new Promise((resolve, reject) => {
          request.onerror = () => reject(request.error as Error);
          request.onsuccess = () => {
            const cursor = request.result;
            const isFull = rows.length === limit || bytes > PAGE_BYTES;
            if (cursor === null || isFull) return resolve({ rows, hasMore: cursor !== null });
            const entry = cursor.value as Entry;
            rows.push([cursor.key, ...beside(entry)]);
            bytes += entry.value?.byteLength ?? 0;
            cursor.continue();
          };
        });
      }),
    );
  }

  /** Closes the connection once its transactions are done. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }

  /** Runs work in a transaction. The work must wait for nothing but the transaction's requests. */
  async #run<V>(
    mode: IDBTransactionMode,
    stores: readonly string[],
    work: (transaction: IDBTransaction) => Promise<V>,
  ): Promise<V> {
    const connection = await this.#connect();
    const transaction = connection.transaction(stores as string[], mode, { durability: this.#durability });
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"));
    });
    // Whoever reads does not wait for it.
    ended.catch(() => undefined);
    const done = await work(transaction);
    if (mode === "readonly") return done;
    transaction.commit();
    await ended;
    return done;
  }

  #connect(): Promise<IDBDatabase> {
    if (this.#connection !== undefined) return this.#connection;
    const forget = () => {
      if (this.#connection === connection) this.#connection = undefined;
    };
    const connection = this.#opened(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    this.#connection = connection;
    return connection;
  }

  /** A new connection; `forget` is called when it can no longer be used. */
  async #opened(forget: () => void): Promise<IDBDatabase> {
    if (this.#factory === undefined) throw new Refused("denied");
    let connection: IDBDatabase;
    try {
      connection = await opened(this.#factory, this.#name);
    } catch (error) {
      if ((error as Error).name !== "VersionError") throw error;
      const isOurs = await hasEntries(this.#factory, this.#name);
      throw new Refused(!isOurs ? "foreign" : this.#wasOpen ? "superseded" : "newer");
    }
    connection.onclose = forget;
    connection.onversionchange = () => {
      // Another tab upgrades or deletes the database, which would have to wait for us.
      forget();
      connection.close();
    };
    return connection;
  }
}

/** Type, deadline or null, and version. */
const beside = ({ type, deadline, version }: Entry) => [type, deadline ?? null, version];

/** The result of a request. */
function asked<V>(request: IDBRequest<V>): Promise<V> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as Error);
  });
}

/** Opens a database with our object stores. */
function opened(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, UPGRADES.length);
    let error: unknown;
    const refuse = (word: string) => {
      error = new Refused(word);
      reject(error as Refused);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    request.onblocked = () => {
      timer = setTimeout(refuse, PATIENCE, "blocked");
    };
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result: database, transaction } = request;
      if (oldVersion > 0 && !database.objectStoreNames.contains(ENTRIES)) {
        refuse("foreign");
        transaction?.abort();
      } else {
        for (const upgrade of UPGRADES.slice(oldVersion)) upgrade(database);
      }
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const database = request.result;
      if (error === undefined && !database.objectStoreNames.contains(ENTRIES)) refuse("foreign");
      // Nobody waits for it any more.
      if (error !== undefined) database.close();
      else resolve(database);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject((error ?? request.error) as Error);
    };
  });
}

/** Whether a database that exists has our entries. */
async function hasEntries(factory: IDBFactory, name: string): Promise<boolean> {
  const database = await asked(factory.open(name));
  const isOurs = database.objectStoreNames.contains(ENTRIES);
  database.close();
  return isOurs;
}

/** The result of work, or why there is none. */
async function told<V>(work: () => Promise<V>): Promise<V | Failure> {
  try {
    return await work();
  } catch (error) {
    const word = error instanceof Refused ? error.word : (WORDS[(error as Error).name] ?? "failed");
    return { failure: word, cause: keep(error) };
  }
}
