// Tasks: work that waits for its time, and for a worker.

import { arity, integer, items, key, settings, text, word } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import { deadline, type Duration, type Moment, moment, notNegative } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { jsonCodec } from "../values/serializer.js";
import { count, flag, text as asText } from "../wire/replies.js";
import { asTask, asTaskOrNull, asTasks, type Task, type TaskStatus } from "../values/rows.js";
import type { Argument } from "../wire/wire.js";
import { family } from "./family.js";
import { lasting } from "./locks.js";
import { type Checks, irregular, named, type Operation, operation } from "./operation.js";

/** A task to be made. */
export interface NewTask {
  /** What is to be done: workers choose by it. */
  readonly name: string;
  /** What a worker must know. */
  readonly payload?: unknown;
  /** What it is called by. Without it the store gives it one. */
  readonly id?: string | undefined;
  /** When it may begin: a moment, or how long from now, as text (`"5m"`). Without it: at once. */
  readonly scheduledFor?: Moment | Extract<Duration, string> | undefined;
  /** How often it is tried again: three times when left out. */
  readonly maxRetries?: number | undefined;
  /** How long a try may take. */
  readonly timeout?: Duration | undefined;
  /** While a task with the same text here is not done, that one stands for this one. */
  readonly unique?: string | undefined;
  /** Of the tasks that are due, those with a higher one go first: 0 when left out. */
  readonly priority?: number | undefined;
}

/** Which tasks are listed. */
export interface TaskOptions extends Cancellable {
  /** Only those that stand so. */
  readonly status?: TaskStatus | undefined;
  /** Only those of this name. */
  readonly name?: string | undefined;
  /** Without the first so many. */
  readonly offset?: number | undefined;
  /** At most so many. */
  readonly limit?: number | undefined;
}

/** How a try ends. */
export interface ReleaseOptions extends Cancellable {
  /** Why it failed. */
  readonly error?: string | undefined;
}

/** Tasks: work that waits for its time, and for a worker. Each is done at least once. */
export interface Tasks<M extends Mode> {
  /**
   * Makes a task. If another that is not done has the same unique text, gives that one instead. O(log n).
   *
   * Errors: `conflict` when a task has this id.
   */
  create<T = unknown>(task: NewTask): Ret<M, Task<T>>;

  /** A task; `null` when there is none. O(log n). */
  get<T = unknown>(id: string): Ret<M, Task<T> | null>;

  /** The tasks that the options choose, in the order in which they were made. O(tasks). */
  list<T = unknown>(given?: TaskOptions): Ret<M, Task<T>[]>;

  /** Calls a task off; whether it was not done yet. A worker that has it can no longer end it. O(log n). */
  cancel(id: string): Ret<M, boolean>;

  /**
   * Gives a worker the next task of these names that is due, for a time from now: that of the highest priority, of these the one
   * due first. One whose worker has not ended or prolonged it in time is given again, as one more try. O(names × log n).
   */
  lock<T = unknown>(worker: string, ttl: Duration, names: readonly string[]): Ret<M, Task<T> | null>;

  /** Prolongs a worker's hold on a task, for a time from now; whether the task is still its own. O(log n). */
  heartbeat(id: string, token: number, ttl: Duration): Ret<M, boolean>;

  /**
   * Ends a worker's try; where the task stands then, or `null` when it is no longer the worker's. One that has failed waits for
   * another try, a minute and then twice as long each time, up to an hour, until it has no tries left. O(log n).
   */
  release(
    id: string,
    token: number,
    ending: "completed" | "failed",
    given?: ReleaseOptions,
  ): Ret<M, TaskStatus | null>;

  /**
   * Lets a task that has failed or was cancelled begin anew, at once; whether it was one. O(log n).
   *
   * Errors: `conflict` when another task has its unique text now.
   */
  requeue(id: string): Ret<M, boolean>;

  /** Removes the tasks that ended before a moment; how many. O(tasks). */
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
    jsonCodec.encode(op, "payload", task["payload"] ?? null),
    ...named(DETAILS).words(op, task, jsonCodec),
  ];
  if (maxRetries !== undefined) words.push("RETRIES", integer(op, "maxRetries", maxRetries));
  if (typeof due === "string") {
    const wait = notNegative(op, "scheduledFor", due);
    if (wait > 0) words.push("PX", String(wait));
  } else if (due !== undefined) words.push("PXAT", deadline(op, due));
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
        lasting(op, "ttl", ttl, jsonCodec) as Argument,
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
  trim: operation({ before: (op, name, given) => String(moment(op, name, given)) }, count),
} satisfies Record<keyof Tasks<Mode>, Operation>);
