// The host's timing functions as they were when this module was loaded: a test framework that replaces them for a while must
// not leave a call, or every later one, without an answer. It must not call them when it is loaded, and holds no `Date`: a store
// in memory follows a clock that a test sets.

interface Host {
  readonly setImmediate?: (run: () => void) => unknown;
  readonly process?: { readonly nextTick?: (run: () => void) => void };
}

const host = globalThis as Host;

export const { setTimeout, clearTimeout, queueMicrotask } = globalThis;

/** Where there is none, as in browsers, a message channel takes its place. */
export const setImmediate = host.setImmediate;

/** Where there is none, what runs at the end of the tick takes its place. */
export const nextTick = host.process?.nextTick?.bind(host.process);

/** Milliseconds by a clock that nobody sets. */
export const monotonic: () => number = performance.now.bind(performance);
