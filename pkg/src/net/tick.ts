// The end of a tick: once everything that is ready to run now has run. Workers have another (tick.workerd.ts).

/** Runs something then, as soon as the host can. A timer would wait for milliseconds. */
export function afterTick(run: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  if (setImmediate !== undefined) return setImmediate(run);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(undefined);
}

/** Runs something once all promises that are kept now have been followed, before anything else comes in where the host can do that. */
export function afterJobs(run: () => void): void {
  const { process } = globalThis as { process?: { nextTick?: (run: () => void) => void } };
  if (process?.nextTick === undefined) afterTick(run);
  else process.nextTick(run);
}
