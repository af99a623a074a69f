// Signals by which callers give up what they have asked for. It must not know operations.

import { failed, invalidArgument, type KvError } from "./errors.js";

/** What every operation with options takes. */
export interface Cancellable {
  /**
   * Gives the operation up once it is aborted: it answers `cancelled`. What has not been sent by then is never sent; what has
   * been sent may have happened.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The signal that the option `signal` gives. */
export function signalOf(op: string, given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given;
  throw invalidArgument(op, "(signal) expects an AbortSignal");
}

const cancelled = (op: string): KvError => failed(op, "cancelled", "(signal) was aborted by the caller");

/** Refuses to begin what has been given up already. */
export function throwIfAborted(op: string, ...signals: (AbortSignal | undefined)[]): void {
  if (signals.some((signal) => signal?.aborted)) throw cancelled(op);
}

/** Waits for work that others wait for too, or until this caller gives up. */
export async function untilAborted<V>(op: string, work: Promise<V>, signal: AbortSignal): Promise<V> {
  throwIfAborted(op, signal);
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled(op));
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop as () => void);
  }
}
