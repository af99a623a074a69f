// The end of a tick in Workers, where a zero timer does not wait, and belongs to its request.

import { setTimeout } from "../base/timing.js";

/** Runs a function after everything that is ready now has run. */
export function afterTick(run: () => void): void {
  setTimeout(run, 0);
}

/** The same: Workers have nothing sooner. */
export const afterJobs = afterTick;
