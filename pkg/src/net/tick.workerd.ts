// The end of a tick in Workers, where a timer that waits for nothing does not wait, and belongs to its request.

/** Runs something once everything that is ready to run now has run. */
export function afterTick(run: () => void): void {
  setTimeout(run, 0);
}

/** The same: there is nothing sooner. */
export const afterJobs = afterTick;
