// The queries of records and of what is built on them (`Query` in src/backend/cells/rows.rs, which describes each).

import { asked, walk } from "./connection.js";
import { bytes, CHANGE, LOCK, Range, RECORD, type Row, row, type Stored, TASK } from "./rows.js";

/** A query: its name and its arguments. */
export type Query = readonly [name: string, ...args: never[]];

/** What a query finds: rows, a row or a number. */
export type Found = readonly Row[] | Row | number | null;

/** The transaction that is asked. */
interface Place {
  readonly store: (name: string) => IDBObjectStore;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** The last number that was drawn. */
  readonly sequence: number;
}

/** The most rows that a cursor can leave out at once. */
const MOST = 2 ** 32 - 1;

/** Runs queries in a transaction. */
export function ask(
  transaction: IDBTransaction,
  queries: readonly Query[],
  now: number,
  sequence: number,
): Promise<Found[]> {
  const place: Place = { store: (name) => transaction.objectStore(name), now, sequence };
  return Promise.all(
    queries.map(([name, ...args]) => {
      const query = (QUERIES as Record<string, (place: Place, ...args: never[]) => Promise<Found>>)[name];
      if (query === undefined) throw new TypeError(name);
      return query(place, ...args);
    }),
  );
}

const one = (names: readonly string[], found: Stored | undefined): Row[] =>
  found === undefined ? [] : [row(names, found)];

const taskWithId = async ({ store }: Place, id: string) =>
  one(TASK, await asked(store("tasks").index("id").get(id)));

const QUERIES = {
  record: async ({ store }: Place, key: string) => one(RECORD, await asked(store("records").get(bytes(key)))),

  async records(
    { store }: Place,
    start: string,
    end: string | null,
    type: string | null,
    offset: number,
    limit: number,
  ) {
    const rows: Row[] = [];
    let skipped = Math.min(offset, MOST);
    await eachRecord(store("records"), new Range(start, end), type, (cursor) => {
      if (rows.length >= limit) return "stop";
      if (skipped > 0) {
        cursor.advance(skipped);
        skipped = 0;
        return "moved";
      }
      rows.push(row(RECORD, (cursor as IDBCursorWithValue).value as Stored));
      return rows.length >= limit ? "stop" : undefined;
    });
    return rows;
  },

  async countRecords({ store }: Place, start: string, end: string | null, type: string | null) {
    const range = new Range(start, end);
    const records = store("records");
    if (range.isEmpty) return 0;
    if (type === null) return asked(records.count(range.keys()));
    if (range.isWhole) return asked(records.index("type").count(type));
    let count = 0;
    await eachRecord(records, range, type, () => void count++, true);
    return count;
  },

  async expired({ store, now }: Place, limit: number) {
    const due = IDBKeyRange.upperBound(now);
    const found = await asked<Stored[]>(store("records").index("deadline").getAll(due, limit));
    return found.map((record) => row(RECORD, record));
  },

  async changes(
    { store }: Place,
    from: number,
    start: string,
    end: string | null,
    type: string | null,
    limit: number,
  ) {
    const rows: Row[] = [];
    if (limit === 0) return rows;
    const range = new Range(start, end);
    await walk(store("changes").openCursor(IDBKeyRange.lowerBound(from)), (cursor) => {
      const change = cursor.value as Stored;
      if ((type === null || change["type"] === type) && range.has(change["key"] as string)) {
        rows.push(row(CHANGE, change));
      }
      return rows.length >= limit ? "stop" : undefined;
    });
    return rows;
  },

  async countChanges({ store }: Place, before: number, start: string, end: string | null) {
    const range = new Range(start, end);
    const earlier = IDBKeyRange.upperBound(before, true);
    if (range.isWhole) return asked(store("changes").count(earlier));
    let count = 0;
    await walk(store("changes").openCursor(earlier), ({ value }) => {
      if (range.has((value as Stored)["key"] as string)) count++;
      return undefined;
    });
    return count;
  },

  latest: async ({ store }: Place) => (await asked<number | undefined>(store("numbers").get("latest"))) ?? 0,

  async lock({ store }: Place, space: string, name: string) {
    const lock = await asked<Stored | undefined>(store("locks").get([space, bytes(name)]));
    return lock === undefined ? null : row(LOCK, lock);
  },

  async position({ store }: Place, name: string) {
    const consumer = await asked<Stored | undefined>(store("consumers").get(bytes(name)));
    return (consumer?.["position"] as number | undefined) ?? null;
  },

  async positions({ store }: Place, start: string, end: string | null) {
    const rows: Row[] = [];
    const range = new Range(start, end);
    if (range.isEmpty) return rows;
    const cursor = store("consumers").openCursor(range.keys());
    await walk<IDBCursorWithValue>(cursor, ({ key, value }) => {
      const name = new TextDecoder().decode(key as ArrayBuffer);
      rows.push([name, (value as Stored)["position"] as number] as unknown as Row);
      return undefined;
    });
    return rows;
  },

  task: taskWithId,

  taskAhead: (place: Place, prefix: string, ahead: number) =>
    taskWithId(place, `${prefix}${place.sequence + ahead}`),

  taskOfUnique: async ({ store }: Place, unique: string) =>
    one(TASK, await asked(store("tasks").index("open").get(unique))),

  async nextTasks({ store, now }: Place, name: string, limit: number) {
    const next = store("tasks").index("next");
    const rows: Row[] = [];
    for (const status of ["pending", "running"]) {
      let left = limit;
      await walk(next.openCursor(startingWith(name, status)), (cursor) => {
        const task = cursor.value as Stored;
        if (left === 0) return "stop";
        if (status === "running") {
          if ((task["until"] as number) > now) return undefined;
        } else if ((task["due"] as number) > now) {
          // None of this priority is due.
          cursor.continue([name, status, task["order"] as number, []]);
          return "moved";
        }
        left--;
        rows.push(row(TASK, task));
        return undefined;
      });
    }
    return rows;
  },

  async lostTasks({ store, now }: Place, name: string) {
    const rows: Row[] = [];
    await walk(store("tasks").index("next").openCursor(startingWith(name, "running")), ({ value }) => {
      const { until, tries, maxRetries } = value as { until: number; tries: number; maxRetries: number };
      if (until <= now && tries > maxRetries) rows.push(row(TASK, value as Stored));
      return undefined;
    });
    return rows;
  },

  async tasks(
    { store }: Place,
    start: string,
    end: string | null,
    status: string | null,
    name: string | null,
    offset: number,
    limit: number,
  ) {
    const rows: Row[] = [];
    if (limit === 0) return rows;
    const range = new Range(start, end);
    let left = offset;
    await walk(store("tasks").openCursor(), ({ value }) => {
      const task = value as Stored;
      const isWanted =
        (status === null || task["status"] === status) &&
        (name === null || task["name"] === name) &&
        range.has(task["id"] as string);
      if (isWanted && left-- <= 0) rows.push(row(TASK, task));
      return rows.length >= limit ? "stop" : undefined;
    });
    return rows;
  },

  async countTasks({ store }: Place, before: number, start: string, end: string | null) {
    let count = 0;
    await eachEnded(store("tasks"), before, new Range(start, end), () => count++);
    return count;
  },
};

/** The tasks with this name and status, in the order in which they start. */
const startingWith = (name: string, status: string) => IDBKeyRange.bound([name, status], [name, status, []]);

/** Visits the records in a range, of one type if it is given, in the order of their keys. */
async function eachRecord(
  records: IDBObjectStore,
  range: Range,
  type: string | null,
  visit: (cursor: IDBCursor) => "stop" | "moved" | undefined,
  isKeyOnly = false,
): Promise<void> {
  if (range.isEmpty) return;
  if (type === null) return walk<IDBCursorWithValue>(records.openCursor(range.keys()), visit);
  const index = records.index("type");
  const ofType = isKeyOnly ? index.openKeyCursor(type) : index.openCursor(type);
  await walk(ofType as IDBRequest<IDBCursor | null>, (cursor) => {
    if (indexedDB.cmp(cursor.primaryKey, range.start) < 0) {
      cursor.continuePrimaryKey(type, range.start);
      return "moved";
    }
    return range.isPast(cursor.primaryKey) ? "stop" : visit(cursor);
  });
}

/** Visits the tasks that ended before a moment, of those whose ID is in a range. */
export const eachEnded = (
  tasks: IDBObjectStore,
  before: number,
  range: Range,
  visit: (cursor: IDBCursorWithValue) => void,
): Promise<void> =>
  walk(tasks.index("ended").openCursor(IDBKeyRange.upperBound(before, true)), (cursor) => {
    if (range.has((cursor.value as Stored)["id"] as string)) visit(cursor);
    return undefined;
  });
