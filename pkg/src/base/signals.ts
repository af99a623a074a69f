// Signals with which callers cancel operations. No knowledge of operations.

import { failed, invalidArgument, type KvError } from "./errors.js";

/** An option of every operation. */
export interface Cancellable {
  /**
   * Cancels the operation when aborted: it fails with `cancelled`, whose `cause` is the signal's reason. If the
   * operation has not been sent by then, it never is; if it has, it may have been applied.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Checks the option `signal`. */
export function signalOf(op: string, given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given;
  throw invalidArgument(op, "(signal) expects an AbortSignal");
}

const cancelled = (op: string, { reason }: AbortSignal): KvError =>
  failed(op, "cancelled", "(signal) was aborted by the caller", { cause: reason as unknown });

/** Throws if a signal is already aborted. */
export function throwIfAborted(op: string, ...signals: (AbortSignal | undefined)[]): void {
  const aborted = signals.find((signal) => signal?.aborted);
  if (aborted !== undefined) throw cancelled(op, aborted);
}

/** Waits for shared work, or until this caller cancels. */
export async function untilAborted<V>(op: string, work: Promise<V>, signal: AbortSignal): Promise<V> {
  throwIfAborted(op, signal);
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled(op, signal));
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop as () => void);
  }
}
