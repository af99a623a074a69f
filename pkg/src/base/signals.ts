// Signals with which callers cancel operations. No knowledge of operations.

import { failed, invalidArgument, type KvError } from "./errors.js";

/** An option of every operation. */
export interface Cancellable {
  /**
   * Cancels the operation when aborted: it fails with `cancelled`. If it has not been sent by then, it never is; if it
   * has, it may have been applied.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Checks the option `signal`. */
export function signalOf(op: string, given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given;
  throw invalidArgument(op, "(signal) expects an AbortSignal");
}

const cancelled = (op: string): KvError => failed(op, "cancelled", "(signal) was aborted by the caller");

/** Throws if a signal is already aborted. */
export function throwIfAborted(op: string, ...signals: (AbortSignal | undefined)[]): void {
  if (signals.some((signal) => signal?.aborted)) throw cancelled(op);
}

/** Waits for shared work, or until this caller cancels. */
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
