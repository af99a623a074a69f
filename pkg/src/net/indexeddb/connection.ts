// A connection with a database of IndexedDB: opening and upgrading it, and its transactions. What the object stores
// hold is described here; what is asked of them does not matter.

import { clearTimeout, setTimeout } from "../../base/timing.js";

/**
 * The object stores. Keys of users are bytes, so that they compare as such: other code reads an entry by
 * `store.get(new TextEncoder().encode("key"))`.
 */
export type StoreName = "entries" | "numbers" | "records" | "changes" | "locks" | "consumers" | "tasks";

/** The object stores of records and of what is built on them. */
export const OF_RECORDS: readonly StoreName[] = ["records", "changes", "locks", "consumers", "tasks"];

/** The steps from each version of the database to the next. What has been released is not changed. */
const UPGRADES: readonly ((database: IDBDatabase) => void)[] = [
  (database) => {
    // By key: value, type, deadline, version.
    database.createObjectStore("entries").createIndex("deadline", "deadline");
    // By name. `version`: that of what the last commit of entries wrote; `sequence`: the last number that was drawn for a
    // change, a token or a task; `latest`: the number of the last change.
    database.createObjectStore("numbers");
  },
  (database) => {
    const records = database.createObjectStore("records");
    records.createIndex("deadline", "deadline");
    records.createIndex("type", "type");
    // By number.
    database.createObjectStore("changes");
    // By space and name.
    database.createObjectStore("locks").createIndex("until", "until");
    database.createObjectStore("consumers");
    // By number. `open` is the unique text of a task that has not ended; `order` is its priority with the other sign.
    const tasks = database.createObjectStore("tasks");
    tasks.createIndex("id", "id");
    tasks.createIndex("open", "open");
    tasks.createIndex("next", ["name", "status", "order", "due"]);
    tasks.createIndex("ended", "ended");
  },
];

/** How long to wait for other tabs to close their connections of an older version, in milliseconds. */
const PATIENCE = 5_000;

/** A failure for which the browser has no error: a word that the other side knows. */
export class Refused extends Error {
  constructor(readonly word: string) {
    super(word);
  }
}

/** A connection, which is opened again after the browser or another tab has closed it. */
export class Connection {
  readonly #factory: IDBFactory;
  readonly #name: string;
  readonly #durability: IDBTransactionDurability;
  #opened: Promise<IDBDatabase> | undefined;
  #wasOpen = false;

  constructor(factory: IDBFactory, name: string, durability: IDBTransactionDurability) {
    this.#factory = factory;
    this.#name = name;
    this.#durability = durability;
  }

  /** Opens the database, which is created if it is missing. */
  open(): Promise<IDBDatabase> {
    if (this.#opened !== undefined) return this.#opened;
    const forget = () => {
      if (this.#opened === opening) this.#opened = undefined;
    };
    const opening = this.#open(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    this.#opened = opening;
    return opening;
  }

  /** Runs work in a transaction. The work must wait for nothing but the transaction's requests. */
  async run<V>(
    mode: "readonly" | "readwrite",
    stores: readonly StoreName[],
    work: (transaction: IDBTransaction) => Promise<V>,
  ): Promise<V> {
    const database = await this.open();
    let transaction: IDBTransaction;
    try {
      transaction = database.transaction([...stores], mode, { durability: this.#durability });
    } catch (error) {
      // Some browsers lose a connection without saying so.
      this.#opened = undefined;
      throw error;
    }
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"));
    });
    // Whoever reads does not wait for it.
    ended.catch(() => undefined);
    let done: V;
    try {
      done = await work(transaction);
      if (mode === "readonly") return done;
      transaction.commit();
    } catch (error) {
      undo(transaction);
      // Why the transaction was undone says more than that its requests were.
      throw transaction.error ?? error;
    }
    await ended;
    return done;
  }

  /** Closes the connection once its transactions are done. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened?.catch(() => undefined))?.close();
  }

  async #open(forget: () => void): Promise<IDBDatabase> {
    let database: IDBDatabase;
    try {
      database = await opened(this.#factory, this.#name);
    } catch (error) {
      if ((error as Error).name !== "VersionError") throw error;
      const isOurs = await hasEntries(this.#factory, this.#name);
      throw new Refused(!isOurs ? "foreign" : this.#wasOpen ? "superseded" : "newer");
    }
    this.#wasOpen = true;
    database.onclose = forget;
    database.onversionchange = () => {
      // Another tab upgrades or deletes the database, which would have to wait for us.
      forget();
      database.close();
    };
    return database;
  }
}

/** Undoes a transaction, unless it has ended by itself. */
function undo(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has.
  }
}

/** The result of a request. */
export function asked<V>(request: IDBRequest<V>): Promise<V> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as Error);
  });
}

/** Visits what a cursor meets. `visit` says `stop`, or `moved` if it has moved the cursor itself. */
export function walk<C extends IDBCursor>(
  request: IDBRequest<C | null>,
  visit: (cursor: C) => "stop" | "moved" | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error as Error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return resolve();
      try {
        const said = visit(cursor);
        if (said === "stop") resolve();
        else if (said === undefined) cursor.continue();
      } catch (error) {
        reject(error as Error);
      }
    };
  });
}

/** Opens a database with our object stores. */
function opened(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, UPGRADES.length);
    let refused: Refused | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refuse = (word: string) => {
      refused = new Refused(word);
      reject(refused);
    };
    request.onblocked = () => {
      timer = setTimeout(refuse, PATIENCE, "blocked");
    };
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result: database, transaction } = request;
      if (oldVersion > 0 && !database.objectStoreNames.contains("entries")) refuse("foreign");
      // Nobody waits for it any more, or it is not ours.
      if (refused !== undefined) transaction?.abort();
      else for (const upgrade of UPGRADES.slice(oldVersion)) upgrade(database);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const database = request.result;
      if (!database.objectStoreNames.contains("entries")) refuse("foreign");
      if (refused !== undefined) database.close();
      else resolve(database);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(refused ?? (request.error as Error));
    };
  });
}

/** Whether a database that exists has our entries. */
async function hasEntries(factory: IDBFactory, name: string): Promise<boolean> {
  const database = await asked(factory.open(name));
  const isOurs = database.objectStoreNames.contains("entries");
  database.close();
  return isOurs;
}
