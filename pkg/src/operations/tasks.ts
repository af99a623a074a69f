// Tasks: work that waits for its time, and for a worker.

import { arity, integer, items, key, object, settings, text, word } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import { deadline, type Duration, type Moment, moment, notNegative } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { documentCodec } from "../values/serializer.js";
import { count, flag, text as asText } from "../wire/replies.js";
import { asTask, asTaskOrNull, asTasks, type Task, type TaskStatus } from "../values/rows.js";
import type { Argument } from "../wire/wire.js";
import { family } from "./family.js";
import { lasting } from "./locks.js";
import { type Checks, irregular, named, type Operation, operation } from "./operation.js";

/** A task to create. */
export interface NewTask {
  /** The task's name, by which workers choose it. */
  readonly name: string;
  /** Data for the worker. */
  readonly payload?: unknown;
  /** The task's ID. Default: one that the store makes. */
  readonly id?: string | undefined;
  /** When it may start: a moment, or a duration from now (`"5m"`). Default: immediately. */
  readonly scheduledFor?: Moment | Extract<Duration, string> | undefined;
  /** How often it is retried. Default: 3. */
  readonly maxRetries?: number | undefined;
  /** How long an attempt may take. */
  readonly timeout?: Duration | undefined;
  /** While an unfinished task has the same text here, `create` returns that task instead. */
  readonly unique?: string | undefined;
  /** Among due tasks, higher priorities go first. Default: 0. */
  readonly priority?: number | undefined;
}

/** Which tasks to list. */
export interface TaskOptions extends Cancellable {
  /** Only tasks in this state. */
  readonly status?: TaskStatus | undefined;
  /** Only tasks of this name. */
  readonly name?: string | undefined;
  /** How many to skip. */
  readonly offset?: number | undefined;
  /** The most to return. */
  readonly limit?: number | undefined;
}

/** How an attempt ends. */
export interface ReleaseOptions extends Cancellable {
  /** Why it failed. */
  readonly error?: string | undefined;
}

/** Tasks: work that workers do at a scheduled time, each at least once. */
export interface Tasks<M extends Mode> {
  /**
   * Creates a task. If an unfinished task has the same unique text, returns that task instead. O(log n).
   *
   * Errors: `conflict` if a task has this ID.
   */
  create<T = unknown>(task: NewTask): Ret<M, Task<T>>;

  /** Returns a task; `null` if there is none. O(log n). */
  get<T = unknown>(id: string): Ret<M, Task<T> | null>;

  /** Returns the tasks that match the options, in the order of their creation. O(tasks). */
  list<T = unknown>(options?: TaskOptions): Ret<M, Task<T>[]>;

  /** Cancels a task. Returns whether it was unfinished. A worker that has it can no longer complete it. O(log n). */
  cancel(id: string): Ret<M, boolean>;

  /**
   * Locks the next due task of these names for a worker: the highest priority first, then the earliest. A task whose
   * lock has expired is taken over, which counts as another attempt. O(names × log n).
   */
  lock<T = unknown>(worker: string, ttl: Duration, names: readonly string[]): Ret<M, Task<T> | null>;

  /** Extends a worker's lock on a task. Returns whether the worker still has the task. O(log n). */
  heartbeat(id: string, token: number, ttl: Duration): Ret<M, boolean>;

  /**
   * Ends a worker's attempt. Returns the task's new state, or `null` if the worker no longer had it. A failed task is
   * retried after a minute, then after twice as long each time, up to an hour, until it has no attempts left. O(log n).
   */
  release(
    id: string,
    token: number,
    ending: "completed" | "failed",
    options?: ReleaseOptions,
  ): Ret<M, TaskStatus | null>;

  /**
   * Restarts a failed or cancelled task. Returns whether it was one. O(log n).
   *
   * Errors: `conflict` if another task has its unique text now.
   */
  requeue(id: string): Ret<M, boolean>;

  /**
   * Creates a task in the state that it had in another store. A worker that has it there has it here until its lock
   * expires, under a token of this store. O(log n).
   *
   * Errors: `conflict` if a task has this ID, or an unfinished one the unique text of an unfinished one.
   */
  restore<T = unknown>(task: Task<T>): Ret<M, Task<T>>;

  /** Deletes the tasks that ended before a moment and returns how many. O(tasks). */
  trim(before: Moment): Ret<M, number>;
}

const DETAILS: Checks = { id: key, unique: key, timeout: lasting, priority: integer };

/** @internal The words that make a task. */
export function taskWords(op: string, given: unknown): Argument[] {
  const names = ["name", "payload", "scheduledFor", "maxRetries", ...Object.keys(DETAILS)];
  const task = settings<Record<string, unknown>>(op, given ?? null, names);
  const { scheduledFor: due, maxRetries } = task;
  const words = [
    "TASKS.CREATE",
    key(op, "name", task["name"]),
    documentCodec.encode(op, "payload", task["payload"] ?? null),
    ...named(DETAILS).words(op, task, documentCodec),
  ];
  if (maxRetries !== undefined) words.push("RETRIES", integer(op, "maxRetries", maxRetries));
  if (typeof due === "string") {
    const wait = notNegative(op, "scheduledFor", due);
    if (wait > 0) words.push("PX", String(wait));
  } else if (due !== undefined) words.push("PXAT", deadline(op, due, "scheduledFor"));
  return words;
}

/** The members of a task that may be missing: the word of each, and how it is checked. */
const RESTORED: Readonly<Record<string, readonly [word: string, check: typeof text]>> = {
  created: ["CREATED", integer],
  scheduledFor: ["DUE", integer],
  started: ["STARTED", integer],
  ended: ["ENDED", integer],
  tries: ["TRIES", integer],
  maxRetries: ["RETRIES", integer],
  timeoutMs: ["TIMEOUT", integer],
  unique: ["UNIQUE", key],
  priority: ["PRIORITY", integer],
  error: ["ERROR", text],
  worker: ["WORKER", text],
  lockedUntil: ["UNTIL", integer],
};

/** The words that restore a task. */
function restoreWords(op: string, given: unknown): Argument[] {
  const task = object(op, "task", given) as Readonly<Record<string, unknown>>;
  const words = [
    "TASKS.RESTORE",
    key(op, "id", task["id"]),
    key(op, "name", task["name"]),
    text(op, "status", task["status"]),
    documentCodec.encode(op, "payload", task["payload"] ?? null),
  ];
  for (const [name, [word, check]] of Object.entries(RESTORED)) {
    const value = task[name] ?? null;
    if (value !== null) words.push(word, check(op, name, value));
  }
  return words;
}

/** @internal The tasks of a store. */
export const TasksOf = family<Tasks<Mode>>("tasks", {
  create: irregular(1, 1, (op, [task]) => taskWords(op, task), asTask),
  get: operation({ id: key }, asTaskOrNull),
  list: operation({}, asTasks, named({ status: text, name: key, offset: integer, limit: integer })),
  cancel: operation({ id: key }, flag),
  lock: (op) =>
    function (worker, ttl, names, ...rest) {
      arity(op, 3 + rest.length, 3);
      const words = items([names]).map((name) => key(op, "names", name));
      const command = [
        "TASKS.LOCK",
        text(op, "worker", worker),
        lasting(op, "ttl", ttl, documentCodec) as Argument,
      ];
      return this.send(op, [...command, ...words], asTaskOrNull);
    },
  heartbeat: operation({ id: key, token: integer, ttl: lasting }, flag),
  release: operation(
    {
      id: key,
      token: integer,
      ending: (op, name, given) => word(op, name, given, ["completed", "failed"]).toUpperCase(),
    },
    asText.valueOrNull,
    named({ error: text }),
  ),
  requeue: operation({ id: key }, flag),
  restore: irregular(1, 1, (op, [task]) => restoreWords(op, task), asTask),
  trim: operation({ before: (op, name, given) => String(moment(op, name, given)) }, count),
} satisfies Record<keyof Tasks<Mode>, Operation>);
