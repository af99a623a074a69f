// A worker: takes due tasks and runs their handlers, for stores of either mode. How tasks are stored, and what handlers
// do, does not matter here.

import { LONGEST, ring, untilRung } from "../base/bell.js";
import { failed, invalidArgument, KvError } from "../base/errors.js";
import { keep } from "../base/keep.js";
import { unguessable } from "../base/seeds.js";
import { signalOf } from "../base/signals.js";
import type { Tasks } from "../operations/tasks.js";
import { callable, object, settings, size } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";
import type { Task, TaskStatus } from "../values/rows.js";
import { schedule, type ScheduleOptions } from "./schedule.js";

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

/** A schedule of a worker: a cron expression, alone or with options. */
export type Scheduled = string | (Omit<ScheduleOptions, "signal"> & { readonly expression: string });

/** Options of a worker. */
export interface WorkerOptions {
  /** The handlers by task name. */
  readonly handlers: Readonly<Record<string, Handler<never>>>;
  /**
   * Schedules to hold while the worker runs, by task name: each creates a task at the moments of a cron expression, as
   * `schedule` does.
   */
  readonly schedules?: Readonly<Record<string, Scheduled>> | undefined;
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
  /**
   * Resolves when the worker has stopped and all of its tasks have ended. Closing the store stops it too. Rejects if it can
   * never work: `unsupported` by the store, or an invalid name or schedule.
   */
  readonly done: Promise<void>;
  /** Takes no more tasks, and waits for the running ones; a handler that awaited this would wait for itself. */
  stop(): Promise<void>;
}

const NAMES = [
  "handlers",
  "schedules",
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
  const schedules = object(op, "schedules", told.schedules ?? {}) as Readonly<Record<string, Scheduled>>;
  for (const name of Object.keys(schedules)) {
    if (!names.includes(name)) throw invalidArgument(op, "(schedules) expects a handler for each name");
  }
  const stopped = new AbortController();
  const signal = signalOf(op, told.signal);
  const stop = () => stopped.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);

  const doTask = async (task: Task): Promise<void> => {
    const token = task.token as number;
    const end = new AbortController();
    const stopKeeping = keep(
      lasting,
      async () => (await tasks.heartbeat(task.id, token, lock)) as boolean,
      () => end.abort(failed(op, "conflict", "has lost the task: it was cancelled, or another has it")),
      told.onError,
    );
    // The handler may ignore the signal: end the attempt anyway.
    const ended = new Promise<never>((_, reject) => {
      end.signal.addEventListener("abort", () => reject(end.signal.reason as Error));
    });
    ended.catch(() => {});
    const late = () => end.abort(failed(op, "timeout", "has taken longer than its timeout"));
    const { timeoutMs } = task;
    const timer = timeoutMs === null || timeoutMs > LONGEST ? undefined : setTimeout(late, timeoutMs);
    let failure: { readonly error: unknown } | undefined;
    try {
      await Promise.race([handlers[task.name]?.(task, { signal: end.signal }), ended]);
    } catch (error) {
      failure = { error };
    }
    clearTimeout(timer);
    void stopKeeping();
    const status = (await (failure === undefined
      ? tasks.release(task.id, token, "completed")
      : tasks.release(task.id, token, "failed", { error: messageOf(failure.error) }))) as TaskStatus | null;
    told.report?.({ task, status, ...failure });
  };

  /** Repeats work until it has ended or the worker stops, also after an error that may pass. */
  const persist = async (work: () => Promise<boolean>): Promise<void> => {
    let hasEnded = false;
    while (!hasEnded && !stopped.signal.aborted) {
      try {
        hasEnded = await work();
      } catch (error) {
        const code = error instanceof KvError ? error.code : undefined;
        if (code === "closed") return stop();
        if (code === "unsupported" || code === "invalid-argument") {
          stop();
          throw error;
        }
        told.onError?.(error);
        await untilRung(poll, stopped.signal);
      }
    }
  };
  const take = async (): Promise<boolean> => {
    const task = (await tasks.lock(id, lock, names)) as Task | null;
    await (task === null ? untilRung(poll, stopped.signal) : doTask(task));
    return false;
  };
  const hold = async (name: string, given: Scheduled): Promise<boolean> => {
    const { expression, ...more } = typeof given === "string" ? { expression: given } : given;
    const options = { onError: told.onError, ...more, signal: stopped.signal };
    await (
      await schedule(tasks, name, expression, options)
    ).done;
    return true;
  };

  const works = Array.from({ length: Math.max(concurrency, 1) }, () => persist(take));
  for (const [name, given] of Object.entries(schedules)) works.push(persist(() => hold(name, given)));
  const done = Promise.allSettled(works).then((results) => {
    signal?.removeEventListener("abort", stop);
    ring();
    for (const result of results) if (result.status === "rejected") throw result.reason;
  });
  return {
    done,
    stop: () => {
      stop();
      return done;
    },
  };
}

/** The text of what a handler has thrown, as the store keeps it: without lone surrogates, which have no UTF-8. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\p{Surrogate}/gu, "\uFFFD");
}
