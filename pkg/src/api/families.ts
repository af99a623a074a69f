// What a store has in families of their own: records, and what is built on them. Written once for both modes. How it is done does
// not matter here.

import { ring } from "../base/bell.js";
import { type Changes, ChangesOf } from "../operations/changes.js";
import { type Consumers, ConsumersOf } from "../operations/consumers.js";
import type { Host } from "../operations/family.js";
import { type Locks, LocksOf } from "../operations/locks.js";
import { type Records, RecordsOf, type TypedRecords } from "../operations/records.js";
import { type Tasks, TasksOf } from "../operations/tasks.js";
import { type Schedule, schedule, type ScheduleOptions } from "./schedule.js";
import { Patterns } from "./patterns.js";
import { watch, type WatchOptions } from "./watch.js";
import { type Held, type LockOptions, withLock } from "./with-lock.js";
import { worker, type Worker, type WorkerOptions } from "./worker.js";
import type { Mode, Ret } from "../values/mode.js";
import type { Change } from "../values/rows.js";
import type { Connection, Promised } from "../wire/connection.js";

/** A store's families: `kv.records`, `kv.tasks`. */
export abstract class Families<M extends Mode> extends Patterns<M> {
  /** @internal Runs work, and returns its result in this store's mode. */
  abstract settle<V>(work: () => Promised<V>): Ret<M, V>;

  /** @internal The connection, which may tell of changes. */
  protected abstract readonly core: Connection;

  /** @internal */
  announce(answer: unknown): void {
    // A store in memory has done it by now.
    if (answer instanceof Promise) answer.then(ring, ring);
    else ring();
  }

  /** JSON documents, each with a version: `kv.records.put("person:alice", -1, { age: 30 })`. */
  get records(): Records<M> & {
    /** The records of one type, as values of a TypeScript type. */
    of<T>(type: string): TypedRecords<M, T>;
  } {
    return new RecordsOf(this as Host) as never;
  }

  /** The stream of changes of records. */
  get changes(): Changes<M> & {
    /**
     * Iterates over changes as they happen, from a sequence number or from now on, until the signal is aborted. Changes
     * by this process are seen immediately, on IndexedDB those of other tabs too, on Redis those of everybody: there
     * watchers wait on a connection of their own, which they share.
     */
    watch<T = unknown>(options?: WatchOptions): AsyncIterableIterator<Change<T>>;
  } {
    const changes = new ChangesOf(this as Host);
    return Object.assign(changes, { watch: (given?: unknown) => watch(changes, this.core, given) }) as never;
  }

  /** Readers of the stream of changes, and their positions. */
  get consumers(): Consumers<M> {
    return new ConsumersOf(this as Host) as never;
  }

  /** Locks with fencing tokens. */
  get locks(): Locks<M> & {
    /**
     * Waits for a lock, runs work under it, and releases it. The lock is extended while the work runs; the work's
     * signal is aborted if the lock is lost anyway. Returns the work's result.
     *
     * Errors: those of the work; `cancelled` if the caller cancels before the lock is free.
     */
    withLock<V>(name: string, work: (held: Held) => V | Promise<V>, options?: LockOptions): Promise<V>;
  } {
    const locks = new LocksOf(this as Host);
    return Object.assign(locks, {
      withLock: (name: string, work: (held: Held) => unknown, given?: unknown) =>
        withLock(locks, name, work, given),
    }) as never;
  }

  /** Tasks: work that waits until it is due, and for a worker. */
  get tasks(): Tasks<M> & {
    /**
     * Takes due tasks and runs their handlers. Extends the lock of a task while its handler runs, aborts the handler
     * after the task's timeout, and stops without leaving anything half done.
     */
    worker(options: WorkerOptions): Worker;
    /**
     * Creates a task at each moment of a cron expression, once however many processes hold the schedule. The task for the
     * next moment is always in the store, so one firing is made up for after a time when nobody ran, and not more.
     * Resolves when that first task is there.
     *
     * Errors: `invalid-argument` if the expression or the time zone is malformed, or there is no such moment.
     */
    schedule(name: string, expression: string, options?: ScheduleOptions): Promise<Schedule>;
  } {
    const tasks = new TasksOf(this as Host);
    return Object.assign(tasks, {
      worker: (given: unknown) => worker(tasks, given),
      schedule: (name: string, expression: string, given?: unknown) =>
        schedule(tasks, name, expression, given),
    }) as never;
  }
}
