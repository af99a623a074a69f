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
