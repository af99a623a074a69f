// One handle on a store in the core: loads the wasm at first use, carries commands in and replies out. It must not know
// any operation.

import { coreModule } from "#core-module";
import type { Connection } from "./connection.js";
import { Direct } from "./direct.js";
import * as glue from "../dist/bindgen/core.js";
import { failed, KvError, type KvErrorCode } from "./errors.js";
import type { Decoder } from "./replies.js";
import { type Argument, Heap, measure, Reader, Tag, Writer } from "./wire.js";

/** A command and how to read its reply. */
export interface Call {
  readonly op: string;
  readonly command: Argument[];
  readonly decode: Decoder<unknown>;
}

/** A key and the value that it must still hold; `null`: it must not exist. */
export interface Check {
  readonly key: string;
  readonly expected: Argument | null;
}

/** What makes room when a store is full. */
export type Eviction = "noeviction" | "allkeys-lru" | "volatile-ttl";

/** What the core is told when a store is opened. */
export interface CoreOptions {
  readonly prefix?: string;
  readonly defaultTtlMs?: number;
  readonly maxBytes?: number;
  readonly maxKeys?: number;
  readonly eviction?: Eviction;
  readonly maxKeyBytes?: number;
}

/** The most that one call can carry: the largest value, and something around it. */
const MAX_REQUEST = (128 + 1) * 1024 * 1024;

/** Commands that many callers run often and that change nothing: what is known of their keys stays known. */
const READS: ReadonlySet<Argument> = new Set([
  "GET",
  "MGET",
  "EXISTS",
  "TTL",
  "PTTL",
  "STRLEN",
  "SCAN",
  "KEYS",
  "RANGE",
]);

/** Commands that change keys which they do not name. */
const SWEEPING: ReadonlySet<Argument> = new Set(["FLUSH", "DELETERANGE"]);

interface Loaded {
  readonly heap: Heap;
  readonly writer: Writer;
  readonly reader: Reader;
}

let loaded: Loaded | undefined;

/** The core keeps a scratch buffer up to this size, and gives back a larger one after its request. */
const KEPT = 1 << 20;

/** Where requests are written, and how many bytes fit. */
let scratch = { at: 0, room: 0 };

function load(): Loaded {
  if (loaded) return loaded;
  const { memory } = glue.initSync({ module: coreModule() });
  const heap = new Heap(memory);
  loaded = { heap, writer: new Writer(heap), reader: new Reader(heap) };
  return loaded;
}

/** A handle on a store in memory. */
export class Core implements Connection {
  readonly isWhole = false;
  #handle: glue.Core | undefined;
  readonly #writer: Writer;
  readonly #reader: Reader;
  /** The short ways, while the handle is open. */
  direct: Direct | undefined;

  private constructor(open: () => glue.Core | undefined, isPrivate: boolean, knowsTime: boolean) {
    const { heap, writer, reader } = load();
    this.#writer = writer;
    this.#reader = reader;
    this.#handle = open();
    if (this.#handle) this.direct = new Direct(this.#handle, heap, reader, isPrivate, knowsTime);
  }

  /** Opens a store; `clock` gives milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    // Where use decides what is evicted, every read must reach the core.
    const isPrivate = (url === "memory:" || url === ":memory:") && options.eviction !== "allkeys-lru";
    const open = () => asking(op, () => new glue.Core(url, options, clock, seed()));
    return new Core(open, isPrivate, clock === undefined);
  }

  /** Another handle on the same store, with another prefix behind this one's; a closed one, once this one is closed. */
  withPrefix(prefix: string): Core {
    this.direct?.share();
    return new Core(() => asking("withPrefix", () => this.#handle?.withPrefix(prefix)), false, false);
  }

  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>): V {
    const handle = this.#open(op);
    this.#forget(command);
    this.#reserve(op, 4 + measure(command));
    this.#writer.command(command);
    this.#reader.start(handle.call(), op);
    return decode(this.#reader);
  }

  /** Runs commands in one trip, each with a result or an error of its own. */
  pipeline(calls: readonly Call[]): unknown[] {
    const handle = this.#open("pipeline");
    this.#forgetAll(calls);
    this.#reserve("pipeline", measureAll(calls));
    this.#writeAll(calls);
    this.#reader.start(handle.pipeline(), "pipeline");
    return this.#results(calls);
  }

  /** Runs commands as one, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[]): unknown[] {
    const handle = this.#open("multi");
    const keys = checks.map((check) => check.key);
    const expected = checks.map((check) => check.expected ?? "");
    this.#reserve("multi", 4 + measure(keys) + measure(expected) + measureAll(calls));
    this.#writer.count(checks.length);
    for (const [index, check] of checks.entries()) {
      this.#writer.argument(check.key);
      if (check.expected === null) this.#writer.nothing();
      else this.#writer.argument(expected[index] as Argument);
    }
    this.#forgetAll(calls);
    this.#writeAll(calls);
    this.#reader.start(handle.multi(), "multi");
    return this.#results(calls);
  }

  stats(): unknown {
    const stats = asking("stats", () => this.#open("stats").stats()) as { hits: number; misses: number };
    stats.hits += this.direct?.hits ?? 0;
    stats.misses += this.direct?.misses ?? 0;
    return stats;
  }

  capabilities(): unknown {
    return asking("capabilities", () => this.#open("capabilities").capabilities());
  }

  /** Gives the handle back; every later call answers `closed`. */
  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    this.direct = undefined;
    if (!handle) return;
    try {
      asking("close", () => handle.close());
    } finally {
      handle.free();
    }
  }

  /** What is known of the keys that a command may change is known no longer. */
  #forget(command: readonly Argument[]): void {
    const word = command[0] as Argument;
    if (this.direct === undefined || READS.has(word)) return;
    if (SWEEPING.has(word)) this.direct.forget();
    for (let index = 1; index < command.length; index++) {
      const each = command[index];
      // Some of these are values: to forget too much is harmless.
      if (typeof each === "string") this.direct.forget(each);
    }
  }

  #forgetAll(calls: readonly Call[]): void {
    for (const { command } of calls) this.#forget(command);
  }

  #open(op: string): glue.Core {
    if (this.#handle) return this.#handle;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: "memory" });
  }

  #reserve(op: string, bytes: number): void {
    if (bytes > scratch.room) {
      const at = bytes <= MAX_REQUEST ? glue.scratch(bytes) : 0;
      if (at === 0) {
        const code = bytes <= MAX_REQUEST ? "out-of-memory" : "too-large";
        throw failed(op, code, "was given too much at once", { backend: "memory" });
      }
      // A large buffer lives for one request.
      scratch = { at, room: bytes <= KEPT ? bytes : 0 };
    }
    this.#writer.start(scratch.at);
  }

  #writeAll(calls: readonly Call[]): void {
    this.#writer.count(calls.length);
    for (const { command } of calls) this.#writer.command(command);
  }

  #results(calls: readonly Call[]): unknown[] {
    const reader = this.#reader;
    if (reader.tag() !== Tag.Batch) throw failed("pipeline", "internal", "got a reply of another kind");
    reader.count();
    return calls.map(({ op, decode }) => {
      const start = reader.at;
      reader.skip();
      const end = reader.at;
      reader.start(start, op);
      try {
        return decode(reader);
      } catch (error) {
        if (error instanceof KvError) return error;
        throw error;
      } finally {
        reader.at = end;
      }
    });
  }
}

function measureAll(calls: readonly Call[]): number {
  return calls.reduce((bytes, { command }) => bytes + 4 + measure(command), 4);
}

/** Calls the core where it throws its errors as plain objects, and makes them ours. */
function asking<V>(op: string, ask: () => V): V {
  try {
    return ask();
  } catch (error) {
    const { code, message, ...details } = error as { code?: KvErrorCode; message: string };
    if (code === undefined || error instanceof Error) throw error;
    // The seeds' own words stand alone: "Unsupported KVS URL: ...".
    if (code === "unsupported") throw new KvError(code, message, { ...details, op });
    throw failed(op, code, message, details);
  }
}

/** Drawn when a store is opened, never when a module is loaded: Workers refuse randomness there. */
function seed(): bigint {
  const [seed] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
  return seed as bigint;
}
