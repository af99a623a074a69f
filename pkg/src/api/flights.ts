// What is being made, so that those who ask for it meanwhile share it, and who waits for whom, so that nobody waits for itself. It
// must not know stores or values.

import { failed, invalidArgument, type KvError } from "../base/errors.js";
import { clearTimeout, setTimeout } from "../base/timing.js";

/** Calls a maker, so that what it asks for is known to be its asking. */
export type Making = <V>(make: () => V) => V;

/** One value that is being made. */
interface Flight {
  readonly key: string;
  /** What its maker waits for, or has waited for. */
  readonly waits: Set<Flight>;
  made: Promise<unknown> | undefined;
  isOver: boolean;
}

/** Which maker is running. */
interface Context {
  run<V>(flight: Flight, make: () => V): V;
  getStore(): Flight | undefined;
  /** Until something runs again. */
  disable(): void;
}

/** Where the platform cannot follow what a function goes on with, only what it does before its first `await` is known to be its doing. */
class AtOnce implements Context {
  #flight: Flight | undefined;

  run<V>(flight: Flight, make: () => V): V {
    const before = this.#flight;
    this.#flight = flight;
    try {
      return make();
    } finally {
      this.#flight = before;
    }
  }

  getStore(): Flight | undefined {
    return this.#flight;
  }

  disable(): void {}
}

let context: Context | undefined;

function contexts(): Context {
  type Class = new () => Context;
  const { AsyncLocalStorage, process } = globalThis as {
    AsyncLocalStorage?: Class;
    process?: { getBuiltinModule?: (name: string) => { AsyncLocalStorage: Class } | undefined };
  };
  const Known = AsyncLocalStorage ?? process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
  return (context ??= new (Known ?? AtOnce)());
}

/** How many flights there are, of all stores. */
let flying = 0;

/** The longest time that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The flights of all handles on a connection. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /**
   * What is being made of this key, or else what `start` makes; those who find it being made wait so long at most. A maker that asks
   * for what waits for it is refused.
   */
  share<V>(op: string, key: string, longestMs: number, start: (making: Making) => Promise<V>): Promise<V> {
    const asking = context?.getStore();
    const found = this.#flights.get(key);
    if (found !== undefined && asking !== undefined && !asking.isOver) {
      const road = path(found, asking);
      if (road !== undefined) {
        const keys = [asking, ...road].map((flight) => JSON.stringify(flight.key));
        const circle = keys.length === 2 ? `${keys[0]} asks for itself` : keys.join(" asks for ");
        throw invalidArgument(op, `(make) would wait for itself: ${circle}`);
      }
    }
    const flight = found ?? this.#begin(key, start);
    if (asking !== undefined) asking.waits.add(flight);
    const made = flight.made as Promise<V>;
    if (found === undefined) return made;
    return within(op, key, longestMs, made).catch((error: unknown) => {
      // The handle that makes it may have been closed, which is not this one's end.
      if ((error as KvError | null)?.code !== "closed") throw error;
      return this.share(op, key, longestMs, start);
    });
  }

  #begin(key: string, start: (making: Making) => Promise<unknown>): Flight {
    const flight: Flight = { key, waits: new Set(), made: undefined, isOver: false };
    this.#flights.set(key, flight);
    flying++;
    flight.made = start((make) => contexts().run(flight, make)).finally(() => {
      flight.isOver = true;
      this.#flights.delete(key);
      // Following contexts costs every promise of the program something.
      if (--flying === 0) context?.disable();
    });
    return flight;
  }
}

/** The flights from one to another by what they wait for; nothing when there is no such way. */
function path(from: Flight, to: Flight, seen = new Set<Flight>()): Flight[] | undefined {
  if (from === to) return [from];
  seen.add(from);
  for (const next of from.waits) {
    if (next.isOver || seen.has(next)) continue;
    const rest = path(next, to, seen);
    if (rest !== undefined) return [from, ...rest];
  }
  return undefined;
}

/** Waits so long at most. */
function within<V>(op: string, key: string, ms: number, made: Promise<V>): Promise<V> {
  return new Promise((resolve, reject) => {
    const late = () => {
      const message = `(key) ${JSON.stringify(key)} is still being made for another caller; the option wait tells how long to wait`;
      reject(failed(op, "timeout", message));
    };
    const timer = setTimeout(late, Math.min(ms, LONGEST_TIMER));
    made.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
