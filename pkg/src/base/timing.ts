// The host's timing functions as they were when this module was loaded: a test framework that replaces them temporarily
// must not make calls hang. They are not called at load time. `Date` is not included, because a memory store follows a
// clock that a test sets.

import { fromNode } from "./globals.js";

interface Host {
  readonly setImmediate?: (run: () => void) => unknown;
  readonly process?: { readonly nextTick?: (run: () => void) => void };
}

const host = globalThis as Host;

export const { setTimeout, clearTimeout, queueMicrotask } = globalThis;

/** If there is none, as in browsers, a message channel is used instead. */
export const setImmediate = host.setImmediate ?? fromNode<Host>("node:timers")?.setImmediate;

/** If there is none, the end of the tick is used instead. */
export const nextTick = host.process?.nextTick?.bind(host.process);

/** Milliseconds of a monotonic clock. */
export const monotonic: () => number = performance.now.bind(performance);
