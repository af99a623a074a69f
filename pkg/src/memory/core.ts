// One handle on a store in the core: loads the wasm at first use, carries commands in and replies out. It must not know
// any operation.

import { coreModule } from "#core-module";
import * as glue from "../../dist/bindgen/core.js";
import type { Connection } from "../wire/connection.js";
import { Direct, type Memory } from "./direct.js";
import { failed, thrown } from "../base/errors.js";
import type { Decoder } from "../wire/replies.js";
import { Requests } from "../wire/requests.js";
import { unguessable } from "../base/seeds.js";
import type { Argument } from "../wire/wire.js";

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
  loaded ??= new Requests(glue.initSync({ module: coreModule() }).memory, glue.scratch, "memory");
  return loaded;
}

/** A handle on a store in memory. */
export class Core implements Connection {
  readonly isWhole = false;
  #handle: glue.Core | undefined;
  readonly #requests: Requests;
  /** The short ways, while the handle is open. */
  direct: Direct | undefined;

  private constructor(handle: glue.Core | undefined, memory: Memory) {
    this.#requests = load();
    this.#handle = handle;
    if (handle) this.direct = new Direct(handle, this.#requests.heap, this.#requests.reader, memory);
  }

  /** Opens a store; `clock` gives milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    // What is evicted to make room is forgotten in the core alone.
    const evicts = options.eviction !== undefined && options.eviction !== "noeviction";
    const isPrivate = (url === "memory:" || url === ":memory:") && !evicts;
    load();
    const handle = told(op, () => glue.Core.open(url, options, clock, unguessable()));
    return new Core(handle, { isPrivate, knowsTime: !clock, defaultTtl: options.defaultTtlMs ?? 0 });
  }

  /** Another handle on the same store, with another prefix behind this one's; a closed one, once this one is closed. */
  withPrefix(prefix: string): Core {
    this.direct?.share();
    const handle = this.#handle;
    const memory = { isPrivate: false, knowsTime: false, defaultTtl: 0 };
    return new Core(handle && told("withPrefix", () => handle.withPrefix(prefix)), memory);
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
    const handle = this.#open("stats");
    const stats = told("stats", () => handle.stats()) as { hits: number; misses: number };
    return {
      ...stats,
      hits: stats.hits + (direct?.hits ?? 0),
      misses: stats.misses + (direct?.misses ?? 0),
    };
  }

  capabilities(): unknown {
    const handle = this.#open("capabilities");
    return told("capabilities", () => handle.capabilities());
  }

  /** Gives the handle back; every later call answers `closed`. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    // Refused inside the store's clock: then the handle stays open, and may be in use at this moment.
    told("close", () => handle.close());
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

  /** The handle, unless it is closed, with all that has been written through it. */
  #open(op: string): glue.Core {
    this.direct?.flush();
    if (this.#handle) return this.#handle;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: "memory" });
  }
}

/** Asks the core; what it throws is an error of this operation. */
function told<V>(op: string, ask: () => V): V {
  try {
    return ask();
  } catch (error) {
    throw thrown(op, error);
  }
}
