// Wakes callers that wait for something to happen in a store of this process. What happens does not matter here.

const waiting = new Set<() => void>();

/** Wakes all waiting callers. */
export function ring(): void {
  for (const wake of waiting) wake();
}

/** Waits this many milliseconds, or until the bell rings or the signal is aborted. */
export function untilRung(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      waiting.delete(wake);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    waiting.add(wake);
    signal?.addEventListener("abort", wake);
  });
}
