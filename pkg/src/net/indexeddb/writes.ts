// The writes of records and of what is built on them (`RecordWrite` in src/backend/cells/rows.rs, which describes each).

import { asked, OF_RECORDS, walk } from "./connection.js";
import { eachEnded } from "./queries.js";
import { bytes, CHANGE, LOCK, Range, RECORD, type Row, type Stored, stored, TASK } from "./rows.js";

/** A write: its name and its arguments. */
export type RowWrite = readonly [name: string, ...args: never[]];

/** The writes that others may wait for. Who waits and finds nothing must not write any of them. */
const AUDIBLE = new Set(["change", "task", "removeLock", "flush"]);

/** Whether other tabs may wait for any of these writes. */
export const areAudible = (writes: readonly RowWrite[]): boolean =>
  writes.some(([name]) => AUDIBLE.has(name));

/** The most ended locks that a write of a lock removes. */
const SWEPT = 16;

/** Makes writes in a transaction, one after the other. */
export async function write(
  transaction: IDBTransaction,
  writes: readonly RowWrite[],
  now: number,
): Promise<void> {
  const store = (name: string) => transaction.objectStore(name);
  for (const [name, ...args] of writes) {
    const write = (WRITES as Record<string, (store: Stores, ...args: never[]) => unknown>)[name];
    if (write === undefined) throw new TypeError(name);
    // Some have to look what is there. The others are not waited for.
    const done = write(store, ...args);
    if (done instanceof Promise) await done;
  }
  if (writes.some(([name]) => name === "lock")) await removeEnded(store("locks"), now);
}

type Stores = (name: string) => IDBObjectStore;

/** Removes some locks that ended before now. */
async function removeEnded(locks: IDBObjectStore, now: number): Promise<void> {
  const ended = await asked(locks.index("until").getAllKeys(IDBKeyRange.upperBound(now, true), SWEPT));
  for (const key of ended) locks.delete(key);
}

const WRITES = {
  number: (store: Stores, name: string, value: number) => void store("numbers").put(value, name),

  record: (store: Stores, record: Row) =>
    void store("records").put(stored(RECORD, record), bytes(record[0] as string)),

  removeRecord: (store: Stores, key: string) => void store("records").delete(bytes(key)),

  change: (store: Stores, change: Row) =>
    void store("changes").put(stored(CHANGE, change), change[0] as number),

  lock: (store: Stores, space: string, name: string, lock: Row) =>
    void store("locks").put(stored(LOCK, lock), [space, bytes(name)]),

  removeLock: (store: Stores, space: string, name: string) =>
    void store("locks").delete([space, bytes(name)]),

  position: (store: Stores, name: string, position: number) =>
    void store("consumers").put({ position }, bytes(name)),

  removePosition: (store: Stores, name: string) => void store("consumers").delete(bytes(name)),

  task(store: Stores, row: Row) {
    const task = stored(TASK, row);
    const { number, unique, ended, priority } = task as {
      number: number;
      unique?: string;
      ended?: number;
      priority: number;
    };
    const isOpen = ended === undefined && unique !== undefined;
    store("tasks").put({ ...task, order: -priority, ...(isOpen ? { open: unique } : {}) }, number);
  },

  removeTask: (store: Stores, number: number) => void store("tasks").delete(number),

  trimChanges(store: Stores, before: number, start: string, end: string | null) {
    const earlier = IDBKeyRange.upperBound(before, true);
    const range = new Range(start, end);
    if (range.isWhole) return void store("changes").delete(earlier);
    return remove(store("changes").openCursor(earlier), range, "key");
  },

  trimTasks: (store: Stores, before: number, start: string, end: string | null) =>
    eachEnded(store("tasks"), before, new Range(start, end), (cursor) => void cursor.delete()),

  async flush(store: Stores, start: string, end: string | null) {
    const range = new Range(start, end);
    if (range.isWhole) {
      for (const name of OF_RECORDS) store(name).clear();
    } else if (!range.isEmpty) {
      for (const name of ["records", "consumers"]) store(name).delete(range.keys());
      for (const space of ["lock", "consumer"]) store("locks").delete(range.keys(space));
      await remove(store("changes").openCursor(), range, "key");
      await remove(store("tasks").openCursor(), range, "id");
    }
  },
};

/** Removes the rows that a cursor meets, if their key or ID is in a range. */
const remove = (
  request: IDBRequest<IDBCursorWithValue | null>,
  range: Range,
  name: "key" | "id",
): Promise<void> =>
  walk(request, (cursor) => {
    if (range.has((cursor.value as Stored)[name] as string)) cursor.delete();
    return undefined;
  });
