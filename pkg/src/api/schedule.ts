// Schedules: tasks at the moments of a cron expression, for stores of either mode. Who runs these tasks does not matter
// here.

import { pause, ring } from "../base/bell.js";
import { failed, invalidArgument, KvError } from "../base/errors.js";
import { signalOf, throwIfAborted } from "../base/signals.js";
import type { NewTask, Tasks } from "../operations/tasks.js";
import { key, settings, text } from "../values/arguments.js";
import type { Mode } from "../values/mode.js";

/** Options of a schedule. */
export interface ScheduleOptions extends Pick<NewTask, "payload" | "maxRetries" | "timeout" | "priority"> {
  /** The time zone of the expression, such as `"Europe/Berlin"`. Default: `"UTC"`. */
  readonly timezone?: string | undefined;
  /** Called with errors of the store; the schedule tries again. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Stops the schedule, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

/** A schedule that this process holds. */
export interface Schedule {
  /** Resolves when the schedule has stopped, or has no more moments. */
  readonly done: Promise<void>;
  /**
   * Stops the schedule in this process. The task for its next moment stays in the store: cancel it if nobody holds the
   * schedule any more.
   */
  stop(): Promise<void>;
}

const NAMES = ["payload", "maxRetries", "timeout", "priority", "timezone", "onError", "signal"] as const;

/** The pause before a task that could not be created is tried again, in milliseconds. */
const AGAIN = 1_000;

/** @internal Starts a schedule. */
export async function schedule(
  tasks: Tasks<Mode>,
  name: string,
  expression: string,
  given: unknown,
): Promise<Schedule> {
  const op = "tasks.schedule";
  key(op, "name", name);
  const told = settings<ScheduleOptions>(op, given, NAMES);
  const { timezone = "UTC", onError, signal, ...task } = told;
  throwIfAborted(op, signalOf(op, signal));
  const next = await momentsOf(op, expression, timezone);

  /** Creates the task for a moment, unless somebody else has. */
  const create = async (moment: number): Promise<void> => {
    const id = `${name}@${new Date(moment).toISOString()}`;
    try {
      await tasks.create({ ...task, name, id, scheduledFor: moment });
    } catch (error) {
      if (!(error instanceof KvError) || error.code !== "conflict") throw error;
    }
  };
  const first = next(Date.now());
  if (first === null) throw invalidArgument(op, "(expression) expects a moment in the future");
  await create(first);

  const end = new AbortController();
  const stop = () => end.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  /** Waits until a moment; false if the schedule has been stopped. */
  const until = async (moment: number): Promise<boolean> => {
    while (!end.signal.aborted) {
      const left = moment - Date.now();
      if (left <= 0) return true;
      await pause(left, end.signal);
    }
    return false;
  };
  const run = async (): Promise<void> => {
    let moment: number | null = first;
    while (moment !== null && (await until(moment))) {
      // The task is due: workers of this process need not find it by polling.
      ring();
      // Moments that have passed meanwhile, because this process slept, are left out.
      moment = next(Math.max(moment, Date.now()));
      while (moment !== null && !end.signal.aborted) {
        try {
          await create(moment);
          break;
        } catch (error) {
          onError?.(error);
          if (error instanceof KvError && error.code === "closed") return;
          await pause(AGAIN, end.signal);
        }
      }
    }
  };
  const done = run().finally(() => signal?.removeEventListener("abort", stop));
  return {
    done,
    stop: () => {
      stop();
      return done;
    },
  };
}

/** The moments of an expression; loads what knows them. */
async function momentsOf(op: string, expression: string, timezone: string) {
  text(op, "expression", expression);
  text(op, "timezone", timezone);
  const { moments } = await import("../cron/cron.js");
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch (cause) {
    const message = '(timezone) expects a time zone such as "Europe/Berlin"';
    throw failed(op, "invalid-argument", message, { cause });
  }
  try {
    return moments(expression, timezone);
  } catch (cause) {
    const message = "(expression) expects a cron expression: five fields, or six with seconds first";
    throw failed(op, "invalid-argument", message, { cause });
  }
}
