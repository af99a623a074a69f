// The core's wasm as functions (src/binding/js/memory.rs and direct.rs say what they do). Nothing but numbers crosses: it must
// not know what they mean.

import { now, release } from "./clocks.js";

/** What the wasm exports; the functions of a handle take its address first. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  scratch(bytes: number): number;
  answered(): number;
  core_open(clock: number): number;
  core_withPrefix(at: number): number;
  core_call(at: number): number;
  core_pipeline(at: number): number;
  core_multi(at: number): number;
  core_stats(at: number): number;
  core_capabilities(at: number): number;
  core_close(at: number): number;
  core_places(at: number): number;
  core_getDirect(at: number, key: number): number;
  core_mgetDirect(at: number, keys: number): number;
  core_setDirect(at: number, key: number, value: number, ttl: number): number;
  core_bears(at: number, bytes: number, keys: number): number;
  core_setAllDirect(at: number, keys: number): number;
  core_incrDirect(at: number, key: number, by: number): number;
  core_free(at: number, isBorrowed: number): void;
}

let wasm: Exports;

/** Starts the module, of which there is one. */
export function start(module: WebAssembly.Module): WebAssembly.Memory {
  const { exports } = new WebAssembly.Instance(module, { "./core_bg.js": { now, release } });
  wasm = exports as unknown as Exports;
  return wasm.memory;
}

/** An address, which the wasm gives as a number with a sign. */
const address = (number: number): number => number >>> 0;

/** Makes room for a request of this many bytes and gives its address; 0 when there is no memory for it. */
export const scratch = (bytes: number): number => address(wasm.scratch(bytes));

/** Where the last reply lies. */
export const answered = (): number => address(wasm.answered());

/**
 * Frees handles that were collected as garbage without being closed, where the host tells of it. A private store goes with its
 * last handle; a named one keeps its entries (src/backend/memory.rs).
 */
const abandoned = globalThis.FinalizationRegistry
  ? new FinalizationRegistry<number>((at) => wasm.core_free(at, 1))
  : undefined;

/** A handle on a store in memory. Where nothing else is said its functions give the address of their reply. */
export class Core {
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
    abandoned?.register(this, at, this);
  }

  /** Opens the store that the words in the scratch buffer describe, with the clock of this number. */
  static open(clock: number): Core | undefined {
    return opened(wasm.core_open(clock));
  }

  /** Another handle on the same store, with the prefix in the scratch buffer behind this one's. */
  withPrefix(): Core | undefined {
    return opened(wasm.core_withPrefix(this.#at));
  }

  /** Runs the command in the scratch buffer. */
  call(): number {
    return address(wasm.core_call(this.#at));
  }

  /** Runs the commands in the scratch buffer, each with a result of its own. */
  pipeline(): number {
    return address(wasm.core_pipeline(this.#at));
  }

  /** Runs the commands in the scratch buffer as one, if the checks before them hold. */
  multi(): number {
    return address(wasm.core_multi(this.#at));
  }

  /** How the store is doing, in numbers. */
  stats(): number {
    return address(wasm.core_stats(this.#at));
  }

  /** What the store promises, in numbers. */
  capabilities(): number {
    return address(wasm.core_capabilities(this.#at));
  }

  /** Closes the store. */
  close(): number {
    return address(wasm.core_close(this.#at));
  }

  /** Gives the handle itself back. */
  free(): void {
    abandoned?.unregister(this);
    wasm.core_free(this.#at, 0);
  }

  /** Where the addresses stand that the short ways need. */
  places(): number {
    return address(wasm.core_places(this.#at));
  }

  /** `GET` of the key in its place: 0 when the result tells what was found. */
  getDirect(key: number): number {
    return wasm.core_getDirect(this.#at, key);
  }

  /** `MGET` of so many keys in the place for values: 0 when it is told there what was found. */
  mgetDirect(keys: number): number {
    return wasm.core_mgetDirect(this.#at, keys);
  }

  /** `SET` of the key and the value in their places. Whether the key was there before. */
  setDirect(key: number, value: number, ttl: number): number {
    return wasm.core_setDirect(this.#at, key, value, ttl);
  }

  /** Whether writes of so many bytes to so many keys are certain to find room. */
  bears(bytes: number, keys: number): boolean {
    return wasm.core_bears(this.#at, bytes, keys) !== 0;
  }

  /** `SET` of so many keys in the place for values. */
  setAllDirect(keys: number): number {
    return wasm.core_setAllDirect(this.#at, keys);
  }

  /** `INCRBY` of the key in its place. Whether the key was there before. */
  incrDirect(key: number, by: number): number {
    return wasm.core_incrDirect(this.#at, key, by);
  }
}

/** A handle, unless there is none: then the reply tells why. */
const opened = (at: number): Core | undefined => (at === 0 ? undefined : new Core(at));
