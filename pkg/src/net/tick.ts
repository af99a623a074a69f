// The end of a tick: after everything that is ready now has run. Workers use another file (tick.workerd.ts).

import { nextTick, setImmediate } from "../base/timing.js";

/** Runs a function at the end of the tick, as soon as the host can. A timer would wait for milliseconds. */
export function afterTick(run: () => void): void {
  if (setImmediate !== undefined) {
    setImmediate(run);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(undefined);
}

/**
 * Runs a function once the reactions of all resolved promises have run and, if the host allows it, before any new I/O.
 */
export function afterJobs(run: () => void): void {
  if (nextTick === undefined) afterTick(run);
  else nextTick(run);
}
