// Signals by which callers give up what they have asked for. It must not know operations: each reads its options and sends its
// command in one go, and between the two the signal is kept here.

import { failed, invalidArgument, type KvError } from "./errors.js";

/** What every operation with options takes. */
export interface Cancellable {
  /**
   * Gives the operation up once it is aborted: it answers `cancelled`. What has not been sent by then is never sent; what has
   * been sent may have happened.
   */
  readonly signal?: AbortSignal | undefined;
}

let noted: { readonly op: string; readonly signal: AbortSignal } | undefined;

/** Keeps the signal among an operation's options until it sends its command. */
export function noteSignal(op: string, given: unknown): void {
  const signal = signalOf(op, given);
  noted = signal === undefined ? undefined : { op, signal };
}

/** Forgets a signal whose operation has not come as far as sending. */
export function forgetSignal(): void {
  noted = undefined;
}

/** The signal among the options that this operation has just read. */
export function takeSignal(op: string): AbortSignal | undefined {
  const taken = noted;
  noted = undefined;
  return taken?.op === op ? taken.signal : undefined;
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
