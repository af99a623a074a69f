// How replies about records, changes, locks and tasks are read: so many fields each, in the order in which the core tells them
// (src/engine/records/row.rs). It must not know which operation has which.

import { jsonCodec } from "../values/serializer.js";
import { type Decoder, type Item, many, orElse, want } from "./replies.js";
import { type Reader, Tag } from "./wire.js";

/** All of a record but its value. Times are in milliseconds since 1970. */
export interface RecordHead {
  /** Its key. */
  key: string;
  /** 1 when it was made, and one more with each change. */
  version: number;
  /** The seq of the change that made this state. It never repeats, also after the record was deleted and made again. */
  stamp: number;
  /** The type it was given. */
  type: string | null;
  /** When it was made. */
  created: number;
  /** When it was last changed. */
  updated: number;
  /** When it expires. */
  expiresAt: number | null;
}

/** A record: a JSON document with a version. */
export interface DocumentRecord<T = unknown> extends RecordHead {
  /** The document. */
  value: T;
}

/** One change of a record. */
export interface Change<T = unknown> {
  /** Its number. A later change has a larger one; there may be gaps. */
  seq: number;
  /** What has become of the record. One that expires is deleted. */
  action: "create" | "update" | "delete";
  /** When, in milliseconds since 1970. */
  at: number;
  /** The record as it is from then on; of a deletion, as it was last. */
  record: DocumentRecord<T>;
}

/** A lock that somebody holds. Times are in milliseconds since 1970. */
export interface Lock {
  /** Who. */
  owner: string;
  /** The number of this hold, larger than that of every one before it: what the lock guards can refuse a smaller one. */
  token: number;
  /** Since when. */
  acquired: number;
  /** Until when. */
  until: number;
}

/** How far a consumer of the changes has come. */
export interface ConsumerStatus {
  /** The seq that was committed last; 0 when none was. */
  position: number;
  /** The seq of the store's last change. */
  latest: number;
  /** By how much the position is behind. */
  lag: number;
  /** Who holds the consumer. */
  holder: Lock | null;
}

/** Where a task stands. */
export type TaskStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

/** A task. Times are in milliseconds since 1970. */
export interface Task<T = unknown> {
  /** What it is called by. */
  id: string;
  /** What is to be done: workers choose by it. */
  name: string;
  /** No two tasks that are not done have the same. */
  unique: string | null;
  /** What a worker must know. */
  payload: T;
  /** Where it stands. */
  status: TaskStatus;
  /** When it was made. */
  created: number;
  /** When it may begin; after a failure, when it may be tried again. */
  scheduledFor: number;
  /** When a worker last took it. */
  started: number | null;
  /** When it was completed, failed or cancelled. */
  ended: number | null;
  /** How often a worker has taken it. */
  tries: number;
  /** How often it is tried again. */
  maxRetries: number;
  /** How long a try may take. */
  timeoutMs: number | null;
  /** Of the tasks that are due, those with a higher one go first. */
  priority: number;
  /** Why the last try failed. */
  error: string | null;
  /** Who has it, or had it last. */
  worker: string | null;
  /** The fencing token of that try. */
  token: number | null;
  /** Until when the worker has it. */
  lockedUntil: number | null;
}

const text = ((reply) => reply.text()) as Item<string>;
const number: Item<number> = (reply) => Number(reply.text());
const numberOrNull: Item<number | null> = (reply) => {
  const digits = reply.text();
  return digits === null ? null : Number(digits);
};
const json: Item<unknown> = (reply) => jsonCodec.decode(reply.op, text(reply));

const head: Item<RecordHead> = (reply) => ({
  key: text(reply),
  version: number(reply),
  stamp: number(reply),
  type: reply.text(),
  created: number(reply),
  updated: number(reply),
  expiresAt: numberOrNull(reply),
});

const record: Item<DocumentRecord> = (reply) => ({ ...head(reply), value: json(reply) });

/** Where there is none, so many fields are missing. */
const recordOrNull: Item<DocumentRecord | null> = (reply) => {
  const { at } = reply;
  if (reply.text() !== null) {
    reply.at = at;
    return record(reply);
  }
  many(RECORD - 1, () => reply.text());
  return null;
};

const change: Item<Change> = (reply) => ({
  seq: number(reply),
  action: reply.text() as Change["action"],
  at: number(reply),
  record: record(reply),
});

const lock: Item<Lock> = (reply) => ({
  owner: text(reply),
  token: number(reply),
  acquired: number(reply),
  until: number(reply),
});

const consumer: Item<ConsumerStatus> = (reply) => {
  const position = number(reply);
  const latest = number(reply);
  const { at } = reply;
  const isHeld = reply.text() !== null;
  reply.at = at;
  return { position, latest, lag: Math.max(latest - position, 0), holder: isHeld ? lock(reply) : null };
};

const task: Item<Task> = (reply) => ({
  id: text(reply),
  name: text(reply),
  unique: reply.text(),
  payload: json(reply),
  status: reply.text() as TaskStatus,
  created: number(reply),
  scheduledFor: number(reply),
  started: numberOrNull(reply),
  ended: numberOrNull(reply),
  tries: number(reply),
  maxRetries: number(reply),
  timeoutMs: numberOrNull(reply),
  priority: number(reply),
  error: reply.text(),
  worker: reply.text(),
  token: numberOrNull(reply),
  lockedUntil: numberOrNull(reply),
});

/** How many fields each of them has. */
const RECORD = 8;
const CHANGE = 11;
const TASK = 17;

const one =
  <T>(item: Item<T>): Decoder<T> =>
  (reply) => {
    want(reply, Tag.List);
    reply.count();
    return item(reply);
  };

const all =
  <T>(width: number, item: Item<T>): Decoder<T[]> =>
  (reply: Reader) => {
    want(reply, Tag.List);
    return many(reply.count() / width, () => item(reply));
  };

export const asHead = one(head);
export const asRecord = orElse(one(record), null);
export const asRecords = all(RECORD, record);
export const asRecordsOrNull = all(RECORD, recordOrNull);
export const asChanges = all(CHANGE, change);
export const asLock = orElse(one(lock), null);
export const asConsumer = one(consumer);
export const asTask = one(task);
export const asTaskOrNull = orElse(asTask, null);
export const asTasks = all(TASK, task);
