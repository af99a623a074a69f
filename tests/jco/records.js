// The operations on records, changes, consumers, locks and tasks: the WIT calls, and the conversion of the answers.

import { number } from "./answers.js";
import { expiry, flag, integer, KvError, natural, optional, text, ttl } from "./arguments.js";

const TIME = { ttl, ttlMs: natural, expireAt: natural, keepTtl: flag };
const maybe = optional(natural);

const timeOf = (given) =>
  expiry(Object.fromEntries(Object.entries(given).map(([name, item]) => [name, TIME[name](item)])));
const written = ({ type, ...time } = {}) => ({ type, expiry: timeOf(time) });
const window = ({ offset, limit } = {}) => ({ offset: maybe(offset), limit: maybe(limit) });

const head = ({ type, ...record }) => ({
  key: record.key,
  version: Number(record.version),
  stamp: Number(record.stamp),
  type: type ?? null,
  created: Number(record.created),
  updated: Number(record.updated),
  expiresAt: number(record.expiresAt),
});
const document = (found) =>
  found === undefined ? null : { ...head(found.head), value: JSON.parse(found.value) };
const documents = (found) => found.map(document);

const lock = (held) =>
  held === undefined
    ? null
    : {
        owner: held.owner,
        token: Number(held.token),
        acquired: Number(held.acquired),
        until: Number(held.until),
      };

const task = (found) =>
  found === undefined
    ? null
    : {
        id: found.id,
        name: found.name,
        unique: found.unique ?? null,
        payload: JSON.parse(found.payload),
        status: found.status,
        created: Number(found.created),
        scheduledFor: Number(found.scheduledFor),
        started: number(found.started),
        ended: number(found.ended),
        tries: Number(found.tries),
        maxRetries: Number(found.maxRetries),
        timeoutMs: number(found.timeoutMs),
        priority: Number(found.priority),
        error: found.error ?? null,
        worker: found.worker ?? null,
        token: number(found.token),
        lockedUntil: number(found.lockedUntil),
      };

const STATUSES = ["pending", "running", "completed", "failed", "cancelled"];

function dueOf(given) {
  if (given === undefined) return { tag: "now" };
  return typeof given === "string"
    ? { tag: "after-ms", val: ttl(given) }
    : { tag: "at-ms", val: natural(given) };
}

const newTask = ({ name, payload, id, scheduledFor, maxRetries, timeout, unique, priority }) => ({
  name,
  payload: JSON.stringify(payload ?? null),
  id,
  due: dueOf(scheduledFor),
  maxRetries: maybe(maxRetries),
  timeoutMs: optional(ttl)(timeout),
  unique,
  priority: integer(priority ?? 0),
});

const restored = ({ id, name, unique, payload, status, ...rest }) => ({
  id,
  name,
  unique: unique ?? undefined,
  payload: JSON.stringify(payload ?? null),
  status,
  created: natural(rest.created ?? 0),
  scheduledFor: natural(rest.scheduledFor ?? 0),
  started: maybe(rest.started ?? undefined),
  ended: maybe(rest.ended ?? undefined),
  tries: natural(rest.tries ?? 0),
  maxRetries: natural(rest.maxRetries ?? 0),
  timeoutMs: maybe(rest.timeoutMs ?? undefined),
  priority: integer(rest.priority ?? 0),
  error: rest.error ?? undefined,
  worker: rest.worker ?? undefined,
  token: undefined,
  lockedUntil: maybe(rest.lockedUntil ?? undefined),
});

function mutation({ version, value, ...given }) {
  const write = (key, options) => ({
    key,
    version: integer(version),
    value: JSON.stringify(value),
    options: written(options),
  });
  if ("put" in given) {
    const { put, ...options } = given;
    return { tag: "put", val: write(put, options) };
  }
  if ("patch" in given) {
    const { patch, ...options } = given;
    return { tag: "patch", val: write(patch, options) };
  }
  if ("delete" in given) return { tag: "delete", val: [given.delete].flat() };
  if ("deletePrefix" in given) {
    return { tag: "delete-prefix", val: { prefix: given.deletePrefix, window: window(given) } };
  }
  if ("deleteRange" in given) {
    const [start, end] = given.deleteRange;
    return { tag: "delete-range", val: { start, end, window: window(given) } };
  }
  return { tag: "task", val: newTask(given.task) };
}

/** The families, over the interfaces of one store. */
export const families = (kv) => ({
  records: {
    put: (key, version, value, options) =>
      head(kv.records.put(text(key), integer(version), JSON.stringify(value), written(options))),
    patch: (key, version, patch, options) =>
      head(kv.records.patch(text(key), integer(version), JSON.stringify(patch), written(options))),
    get: (key) => document(kv.records.get(key)),
    getMany: (...keys) => documents(kv.records.getMany(keys)),
    getPrefix: (prefix, options) => documents(kv.records.getPrefix(prefix, window(options))),
    getRange: (start, end, options) => documents(kv.records.getRange(start, end, window(options))),
    getType: (type, options) => documents(kv.records.getType(type, window(options))),
    list: (options) => documents(kv.records.list({ ...options, ...window(options) })),
    count: () => number(kv.records.count()),
    countPrefix: (prefix) => number(kv.records.countPrefix(prefix)),
    countRange: (start, end) => number(kv.records.countRange(start, end)),
    delete: (...keys) => number(kv.records.delete(keys)),
    deletePrefix: (prefix, options) => number(kv.records.deletePrefix(prefix, window(options))),
    deleteRange: (start, end, options) => number(kv.records.deleteRange(start, end, window(options))),
    restore: ({ value, type, expiresAt, ...numbers }) =>
      head(
        kv.records.restore({
          head: {
            key: numbers.key,
            version: natural(numbers.version),
            stamp: 0n,
            type: type ?? undefined,
            created: natural(numbers.created),
            updated: natural(numbers.updated),
            expiresAt: maybe(expiresAt ?? undefined),
          },
          value: JSON.stringify(value),
        }),
      ),
    mutate: (mutations) => Array.from(kv.records.mutate(mutations.map(mutation)), Number),
  },
  changes: {
    read: ({ from, limit, type, prefix } = {}) =>
      kv.changes.read({ from: maybe(from), limit: maybe(limit), type, prefix }).map((change) => ({
        seq: Number(change.seq),
        action: change.action,
        at: Number(change.at),
        record: document(change.record),
      })),
    latest: () => number(kv.changes.latest()),
    trim: (seq) => number(kv.changes.trim(natural(seq))),
    advance: (seq) => {
      kv.changes.advance(natural(seq));
      return "OK";
    },
  },
  consumers: {
    claim: (name, owner, time) => number(kv.consumers.claim(name, owner, ttl(time))),
    release: (name, owner) => kv.consumers.release(name, owner),
    commit: (name, seq, { token } = {}) => {
      kv.consumers.commit(name, natural(seq), maybe(token));
      return "OK";
    },
    status: (name) => {
      const { position, latest, lag, holder } = kv.consumers.status(name);
      return { position: Number(position), latest: Number(latest), lag: Number(lag), holder: lock(holder) };
    },
    delete: (name) => kv.consumers.delete(name),
    list: () => kv.consumers.list().map(({ name, seq }) => [name, Number(seq)]),
  },
  locks: {
    acquire: (name, owner, time) => number(kv.locks.acquire(name, owner, ttl(time))),
    release: (name, owner) => kv.locks.release(name, owner),
    status: (name) => lock(kv.locks.status(name)),
  },
  tasks: {
    create: (given) => task(kv.tasks.create(newTask(given))),
    get: (id) => task(kv.tasks.get(id)),
    list: ({ status, name, offset, limit } = {}) => {
      if (status !== undefined && !STATUSES.includes(status)) throw new KvError("invalid-argument", "status");
      return kv.tasks.list({ status, name, ...window({ offset, limit }) }).map(task);
    },
    cancel: (id) => kv.tasks.cancel(id),
    lock: (worker, time, names) => task(kv.tasks.lock(worker, ttl(time), names)),
    heartbeat: (id, token, time) => kv.tasks.heartbeat(id, natural(token), ttl(time)),
    release: (id, token, ending, { error } = {}) =>
      kv.tasks.release(id, natural(token), ending === "completed", error) ?? null,
    requeue: (id) => kv.tasks.requeue(id),
    restore: (given) => task(kv.tasks.restore(restored(given))),
    trim: (before) => number(kv.tasks.trim(natural(before))),
  },
});
