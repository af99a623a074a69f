// A worker: it takes tasks that are due and lets handlers do them, for stores of either mode. It must not know how tasks are
// kept, nor what is to be done.

import { ring, untilRung } from "../base/bell.js";
import { failed, invalidArgument } from "../base/errors.js";
import { unguessable } from "../base/seeds.js";
import { signalOf } from "../base/signals.js";
import type { Tasks } from "../operations/tasks.js";
import { callable, object, settings, size } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";
import type { Task, TaskStatus } from "../wire/rows.js";

/** Does one task. What it throws is why the task has failed. */
export type Handler<T = unknown> = (task: Task<T>, context: { readonly signal: AbortSignal }) => unknown;

/** What became of a task that a worker has had. */
export interface Report {
  /** The task, as the worker took it. */
  readonly task: Task;
  /** Where it stands now; `null` when it was no longer the worker's. */
  readonly status: TaskStatus | null;
  /** What the handler has thrown, or why the task was lost. */
  readonly error?: unknown;
}

/** What a worker does, and how. */
export interface WorkerOptions {
  /** Who does which tasks, by their names. */
  readonly handlers: Readonly<Record<string, Handler<never>>>;
  /** How many tasks it does at once: 1 when left out. */
  readonly concurrency?: number | undefined;
  /** How often it looks for tasks while there are none: each second when left out. What this process makes it sees at once. */
  readonly pollInterval?: Duration | undefined;
  /** For how long it holds a task; it prolongs that while the task is done: five minutes when left out. */
  readonly lockDuration?: Duration | undefined;
  /** What it is called by in the tasks. */
  readonly id?: string | undefined;
  /** Told of each task that it has had. */
  readonly report?: ((report: Report) => void) | undefined;
  /** Told of what goes wrong with the store itself; the worker goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Stops it, as `stop` does. */
  readonly signal?: AbortSignal | undefined;
}

/** A worker that is at work. */
export interface Worker {
  /** Done when it has been stopped and all that it had begun is ended. */
  readonly done: Promise<void>;
  /** Takes no more tasks, and waits for those it has begun. */
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

/** @internal Begins to work. */
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
    const after = (ms: number, then: () => unknown) => timers.push(setTimeout(() => void then(), ms));
    const heartbeat = async () => {
      try {
        if (!(await tasks.heartbeat(task.id, token, lock))) {
          return end.abort(failed(op, "conflict", "has lost the task: it was cancelled, or another has it"));
        }
      } catch (error) {
        told.onError?.(error);
      }
      after(lasting / 3, heartbeat);
    };
    after(lasting / 3, heartbeat);
    // The handler may not listen: the try ends all the same.
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
