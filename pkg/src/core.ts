// One handle on a store in the core: loads the wasm at first use, carries commands in and replies out. It must not know
// any operation.

import { coreModule } from "#core-module";
import { numberOf } from "./clocks.js";
import type { Connection } from "./connection.js";
import * as glue from "./core-glue.js";
import { Direct, type Memory } from "./direct.js";
import { failed } from "./errors.js";
import { counts, type Decoder } from "./replies.js";
import { Requests } from "./requests.js";
import type { Argument } from "./wire.js";

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

let loaded: Requests | undefined;

function load(): Requests {
  loaded ??= new Requests(glue.start(coreModule()), glue.scratch, "memory");
  return loaded;
}

/** A handle on a store in memory. */
export class Core implements Connection {
  readonly isWhole = false;
  #handle: glue.Core | undefined;
  readonly #requests: Requests;
  /** The short ways, while the handle is open. */
  direct: Direct | undefined;

  private constructor(
    op: string,
    words: Argument[],
    open: () => glue.Core | undefined | null,
    memory: Memory,
  ) {
    this.#requests = load();
    const { heap, reader } = this.#requests;
    this.#requests.write(op, words);
    const handle = open();
    // The reply is an error.
    if (handle === undefined) this.#requests.read(glue.answered(), op).tag();
    this.#handle = handle ?? undefined;
    if (this.#handle) this.direct = new Direct(this.#handle, heap, reader, memory);
  }

  /** Opens a store; `clock` gives milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    // What is evicted to make room is forgotten in the core alone.
    const evicts = options.eviction !== undefined && options.eviction !== "noeviction";
    const isPrivate = (url === "memory:" || url === ":memory:") && !evicts;
    const { prefix, defaultTtlMs, maxBytes, maxKeys, eviction, maxKeyBytes } = options;
    const said = [prefix, defaultTtlMs, maxBytes, maxKeys, eviction, maxKeyBytes].map(
      (each) => `${each ?? ""}`,
    );
    const memory = { isPrivate, knowsTime: !clock, defaultTtl: defaultTtlMs ?? 0 };
    return new Core(op, [url, seed(), ...said], () => glue.Core.open(numberOf(clock)), memory);
  }

  /** Another handle on the same store, with another prefix behind this one's; a closed one, once this one is closed. */
  withPrefix(prefix: string): Core {
    this.direct?.share();
    const handle = this.#handle;
    const memory = { isPrivate: false, knowsTime: false, defaultTtl: 0 };
    return new Core("withPrefix", [prefix], () => (handle ? handle.withPrefix() : null), memory);
  }

  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>): V {
    const handle = this.#open(op);
    this.#forget(command);
    this.#requests.write(op, command);
    return decode(this.#requests.read(handle.call(), op));
  }

  /** Runs commands in one trip, each with a result or an error of its own. */
  pipeline(calls: readonly Call[]): unknown[] {
    const handle = this.#open("pipeline");
    this.#forgetAll(calls);
    this.#requests.writeAll("pipeline", calls);
    return this.#requests.readAll(handle.pipeline(), "pipeline", calls);
  }

  /** Runs commands as one, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[]): unknown[] {
    const handle = this.#open("multi");
    this.#forgetAll(calls);
    this.#requests.writeChecked("multi", checks, calls);
    return this.#requests.readAll(handle.multi(), "multi", calls);
  }

  stats(): unknown {
    const { direct } = this;
    const [keys, expiringKeys, hits, misses, bytes, evicted] = this.#numbers("stats");
    return {
      keys,
      expiringKeys,
      hits: (hits as number) + (direct?.hits ?? 0),
      misses: (misses as number) + (direct?.misses ?? 0),
      bytes,
      evicted,
      // A store in memory has no server to tell of.
      server: {},
    };
  }

  capabilities(): unknown {
    const [atomic, ordered, exactCounts, ttlMinimumMs, maxKeyBytes, maxValueBytes] =
      this.#numbers("capabilities");
    return {
      atomic: atomic === 1,
      ordered: ordered === 1,
      exactCounts: exactCounts === 1,
      ttlMinimumMs,
      maxKeyBytes,
      maxValueBytes,
      // There is one copy.
      consistency: "strong",
    };
  }

  /** Gives the handle back; every later call answers `closed`. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    // Refused inside the store's clock: then the handle stays open, and may be in use at this moment.
    counts(this.#requests.read(handle.close(), "close"));
    this.#handle = undefined;
    this.direct = undefined;
    handle.free();
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

  /** What the store tells of itself. */
  #numbers(op: "stats" | "capabilities"): number[] {
    return counts(this.#requests.read(this.#open(op)[op](), op));
  }

  /** The handle, unless it is closed, with all that has been written through it. */
  #open(op: string): glue.Core {
    this.direct?.flush();
    if (this.#handle) return this.#handle;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: "memory" });
  }
}

/** Drawn when a store is opened, never when a module is loaded: Workers refuse randomness there. */
function seed(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(8));
}
