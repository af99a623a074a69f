// Waiting: for time to pass, or for something to happen in a store of this process. What happens does not matter here.

/** The longest time that a timer can wait; a longer one would end at once. */
export const LONGEST = 2 ** 31 - 1;

const waiting = new Set<() => void>();

/** Wakes all callers that wait for the bell. */
export function ring(): void {
  for (const wake of waiting) wake();
}

/** Waits this many milliseconds, or until the bell rings or the signal is aborted. */
export function untilRung(ms: number, signal?: AbortSignal): Promise<void> {
  return pause(ms, signal, waiting);
}

/** Waits this many milliseconds, or until the signal is aborted or one of these wakers is called. */
export function pause(ms: number, signal?: AbortSignal, wakers?: Set<() => void>): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers?.delete(wake);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.min(ms, LONGEST));
    wakers?.add(wake);
    signal?.addEventListener("abort", wake);
  });
}
