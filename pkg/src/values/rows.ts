// Decodes replies about records, changes, locks and tasks: a fixed number of fields each, in the core's order
// (src/engine/records/row.rs). Which operation has which reply does not matter here.

import { documentCodec } from "./serializer.js";
import { type Decoder, type Item, many, orElse, want } from "../wire/replies.js";
import { type Reader, Tag } from "../wire/wire.js";

/** A record without its value. Times are in milliseconds since 1970. */
export interface RecordHead {
  /** The key. */
  key: string;
  /** 1 when the record is created, incremented by every change. */
  version: number;
  /**
   * The sequence number of the change that produced this state. It never repeats, even if the record is deleted and
   * created again.
   */
  stamp: number;
  /** The record's type, if it has one. */
  type: string | null;
  /** When it was created. */
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
  /** The sequence number. Later changes have larger ones; there may be gaps. */
  seq: number;
  /** What happened to the record. An expired record is deleted. */
  action: "create" | "update" | "delete";
  /** The time, in milliseconds since 1970. */
  at: number;
  /** The record after the change or, for a deletion, before it. */
  record: DocumentRecord<T>;
}

/** A held lock. Times are in milliseconds since 1970. */
export interface Lock {
  /** The holder. */
  owner: string;
  /**
   * The fencing token of this hold, larger than that of every earlier one: the protected resource can reject smaller
   * tokens.
   */
  token: number;
  /** When the lock was acquired. */
  acquired: number;
  /** When the lock expires. */
  until: number;
}

/** The position of a consumer of changes. */
export interface ConsumerStatus {
  /** The last committed sequence number; 0 if there is none. */
  position: number;
  /** The sequence number of the store's last change. */
  latest: number;
  /**
   * `latest` minus `position`, an upper bound: at most so many changes wait. Numbers that locks, claims and tasks have
   * drawn count, and changes that the consumer's filters leave out.
   */
  lag: number;
  /** The lock of the consumer's holder. */
  holder: Lock | null;
}

/** The state of a task. */
export type TaskStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

/** A task. Times are in milliseconds since 1970. */
export interface Task<T = unknown> {
  /** The ID. */
  id: string;
  /** The kind of work, by which workers choose tasks. */
  name: string;
  /** A text that no other unfinished task may have. */
  unique: string | null;
  /** The worker's input. */
  payload: T;
  /** The state. */
  status: TaskStatus;
  /** When it was created. */
  created: number;
  /** When it may start or, after a failure, be retried. */
  scheduledFor: number;
  /** When a worker last started it. */
  started: number | null;
  /** When it was completed, failed or cancelled. */
  ended: number | null;
  /** How many times a worker has taken it. */
  tries: number;
  /** How many times it is retried after a failure. */
  maxRetries: number;
  /** How long an attempt may take. */
  timeoutMs: number | null;
  /** Of the due tasks, those with a higher priority go first. */
  priority: number;
  /** Why the last attempt failed. */
  error: string | null;
  /** The current or last worker. */
  worker: string | null;
  /** The fencing token of that attempt. */
  token: number | null;
  /** When the worker's lock expires. */
  lockedUntil: number | null;
}

const text = ((reply) => reply.text()) as Item<string>;
const number: Item<number> = (reply) => Number(reply.text());
const numberOrNull: Item<number | null> = (reply) => {
  const digits = reply.text();
  return digits === null ? null : Number(digits);
};
const json: Item<unknown> = (reply) => documentCodec.decode(reply.op, text(reply));

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

/** If there is no record, all of its fields are null. */
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

const position: Item<[name: string, position: number]> = (reply) => [text(reply), number(reply)];

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

/** The number of fields of each. */
const RECORD = 8;
const CHANGE = 11;
const POSITION = 2;
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
export const asPositions = all(POSITION, position);
export const asTask = one(task);
export const asTaskOrNull = orElse(asTask, null);
export const asTasks = all(TASK, task);
