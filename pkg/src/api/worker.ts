// A worker: takes due tasks and runs their handlers, for stores of either mode. How tasks are stored, and what handlers
// do, does not matter here.

import { ring, untilRung } from "../base/bell.js";
import { failed, invalidArgument } from "../base/errors.js";
import { unguessable } from "../base/seeds.js";
import { signalOf } from "../base/signals.js";
import type { Tasks } from "../operations/tasks.js";
import { callable, object, settings, size } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";
import type { Task, TaskStatus } from "../values/rows.js";

/** Runs one task. If it throws, the task has failed for that reason. */
export type Handler<T = unknown> = (task: Task<T>, context: { readonly signal: AbortSignal }) => unknown;

/** The outcome of a task that a worker has run. */
export interface Report {
  /** The task, as the worker took it. */
  readonly task: Task;
  /** The task's new state; `null` if the worker no longer held it. */
  readonly status: TaskStatus | null;
  /** What the handler has thrown, or why the task was lost. */
  readonly error?: unknown;
}

/** Options of a worker. */
export interface WorkerOptions {
  /** The handlers by task name. */
  readonly handlers: Readonly<Record<string, Handler<never>>>;
  /** How many tasks to run concurrently. Default: 1. */
  readonly concurrency?: number | undefined;
  /**
   * How often to poll while there are no tasks. Default: every second. Tasks created by this process are seen
   * immediately.
   */
  readonly pollInterval?: Duration | undefined;
  /** How long a task is locked; the lock is extended while the task runs. Default: five minutes. */
  readonly lockDuration?: Duration | undefined;
  /** The worker's name in its tasks. */
  readonly id?: string | undefined;
  /** Called after each task. */
  readonly report?: ((report: Report) => void) | undefined;
  /** Called with errors of the store itself; the worker continues. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Stops the worker, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

/** A running worker. */
export interface Worker {
  /** Resolves when the worker has stopped and all of its tasks have ended. */
  readonly done: Promise<void>;
  /** Takes no more tasks, and waits for the running ones. */
  stop(): Promise<void>;
}

const NAMES = [
  "handlers",
  "concurrency",
  "pollInterval",
  "lockDuration",
  "id",
  "report",
  "onError",
  "signal",
] as const;

/** @internal Starts a worker. */
export function worker(tasks: Tasks<Mode>, given: unknown): Worker {
  const op = "tasks.worker";
  const told = settings<WorkerOptions>(op, given, NAMES);
  const handlers = object(op, "handlers", told.handlers) as Readonly<Record<string, Handler>>;
  const names = Object.keys(handlers);
  if (names.length === 0) throw invalidArgument(op, "(handlers) expects at least one handler");
  for (const name of names) callable(op, `handlers.${name}`, handlers[name]);
  const concurrency = size(op, "concurrency", told.concurrency ?? 1);
  const poll = Math.max(milliseconds(op, "pollInterval", told.pollInterval ?? 1), 1);
  const lasting = Math.max(milliseconds(op, "lockDuration", told.lockDuration ?? "5m"), 1);
  const lock = `${lasting}ms` as Duration;
  const id = told.id ?? String(unguessable());
  const stopped = new AbortController();
  const signal = signalOf(op, told.signal);
  const stop = () => stopped.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);

  const doTask = async (task: Task): Promise<void> => {
    const token = task.token as number;
    const end = new AbortController();
    const timers: ReturnType<typeof setTimeout>[] = [];
    let failure: unknown;
    let isOver = false;
    let held = Date.now();
    const after = (ms: number, then: () => unknown) => timers.push(setTimeout(() => void then(), ms));
    const lose = () =>
      end.abort(failed(op, "conflict", "has lost the task: it was cancelled, or another has it"));
    const heartbeat = async () => {
      const begun = Date.now();
      try {
        if (!(await tasks.heartbeat(task.id, token, lock))) return lose();
        held = begun;
      } catch (error) {
        told.onError?.(error);
        // The store may be reachable again before the lock expires.
        if (Date.now() - held >= lasting) return lose();
      }
      if (!isOver) after(lasting / 3, heartbeat);
    };
    after(lasting / 3, heartbeat);
    // The handler may ignore the signal: end the attempt anyway.
    const ended = new Promise<never>((_, reject) => {
      end.signal.addEventListener("abort", () => reject(end.signal.reason as Error));
    });
    ended.catch(() => {});
    const { timeoutMs } = task;
    if (timeoutMs !== null) {
      after(timeoutMs, () => end.abort(failed(op, "timeout", "has taken longer than its timeout")));
    }
    let completed = true;
    try {
      await Promise.race([handlers[task.name]?.(task, { signal: end.signal }), ended]);
    } catch (error) {
      completed = false;
      failure = error;
    }
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    const message = failure instanceof Error ? failure.message : String(failure);
    const status = (await (completed
      ? tasks.release(task.id, token, "completed")
      : tasks.release(task.id, token, "failed", { error: message }))) as TaskStatus | null;
    told.report?.(completed ? { task, status } : { task, status, error: failure });
  };

  const take = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const task = (await tasks.lock(id, lock, names)) as Task | null;
        if (task === null) await untilRung(poll, stopped.signal);
        else await doTask(task);
      } catch (error) {
        told.onError?.(error);
        await untilRung(poll, stopped.signal);
      }
    }
  };

  const done = Promise.all(Array.from({ length: Math.max(concurrency, 1) }, take)).then(() => {
    signal?.removeEventListener("abort", stop);
    ring();
  });
  return {
    done,
    stop: () => {
      stop();
      return done;
    },
  };
}
