// A handle on a store in the core: loads the wasm on first use, sends commands and decodes replies. No knowledge of
// operations.

import { coreModule } from "#core-module";
import * as glue from "../../dist/bindgen/core.js";
import type { Connection } from "../wire/connection.js";
import { Direct, type Memory } from "./direct.js";
import { failed, thrown } from "../base/errors.js";
import type { Decoder } from "../wire/replies.js";
import { Requests } from "../wire/requests.js";
import { unguessable } from "../base/seeds.js";
import type { Argument } from "../wire/wire.js";
import { CANNOT_COMPILE } from "../base/embedded.js";
import { isOpenElsewhere, realm, type SharedCore } from "./realm.js";

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

/** The core's options for opening a store. */
export interface CoreOptions {
  readonly prefix?: string;
  readonly defaultTtlMs?: number;
  readonly maxBytes?: number;
  readonly maxKeys?: number;
  readonly eviction?: Eviction;
  readonly maxKeyBytes?: number;
}

/** Frequent commands that change nothing, so that the cache of their keys stays valid. */
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

/** Commands that change keys they do not name. */
const SWEEPING: ReadonlySet<Argument> = new Set(["FLUSH", "DELETERANGE"]);

/** This copy's access to the core, which it may share with other copies. */
interface Loaded {
  readonly core: SharedCore;
  readonly requests: Requests;
}

let loaded: Loaded | undefined;

function load(op: string): Loaded {
  if (loaded !== undefined) return loaded;
  const core = (realm().core ??= instance(op));
  loaded = { core, requests: new Requests(core.memory, core.scratch, "memory", core.room) };
  return loaded;
}

function instance(op: string): SharedCore {
  let module;
  try {
    module = coreModule();
  } catch (cause) {
    throw failed(op, "unsupported", CANNOT_COMPILE, { cause });
  }
  const { memory } = glue.initSync({ module });
  const { Core, isOpen, scratch } = glue;
  return { Core, isOpen, memory, room: { at: 0, bytes: 0 }, scratch };
}

/** A handle on a memory store. */
export class Core implements Connection {
  readonly isWhole = false;
  #handle: glue.Core | undefined;
  readonly #requests: Requests;
  /** The fast paths, while the handle is open. */
  direct: Direct | undefined;

  private constructor(requests: Requests, handle: glue.Core | undefined, memory: Memory) {
    this.#requests = requests;
    this.#handle = handle;
    if (handle) this.direct = new Direct(handle, requests.heap, requests.reader, memory);
  }

  /** Opens a store; `clock` returns milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    // The cache would not notice keys that the core evicts.
    const evicts = options.eviction !== undefined && options.eviction !== "noeviction";
    const isPrivate = /^(:memory:|memory:(\/\/)?)$/.test(url) && !evicts;
    const { core, requests } = load(op);
    if (isOpenElsewhere(url)) {
      const message =
        "cannot share this store: another version of omnikv has opened it, which this one does not know";
      throw failed(op, "unsupported", `${message}. Install one version for all, or use another name`);
    }
    const handle = told(op, () => core.Core.open(url, options, clock, unguessable()));
    return new Core(requests, handle, {
      isPrivate,
      knowsTime: !clock,
      defaultTtl: options.defaultTtlMs ?? 0,
    });
  }

  /**
   * Returns another handle on the same store, with a prefix appended to this one's; a closed one if this one is closed.
   */
  withPrefix(prefix: string): Core {
    this.direct?.share();
    const handle = this.#handle;
    const memory = { isPrivate: false, knowsTime: false, defaultTtl: 0 };
    return new Core(this.#requests, handle && told("withPrefix", () => handle.withPrefix(prefix)), memory);
  }

  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>): V {
    const handle = this.#open(op);
    this.#forget(command);
    this.#requests.write(op, command);
    return decode(this.#requests.read(handle.call(), op));
  }

  /** Runs commands in one call, each with its own result or error. */
  pipeline(calls: readonly Call[]): unknown[] {
    const handle = this.#open("pipeline");
    this.#forgetAll(calls);
    this.#requests.writeAll("pipeline", calls);
    return this.#requests.readAll(handle.pipeline(), "pipeline", calls);
  }

  /** Runs commands as a transaction, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[]): unknown[] {
    const handle = this.#open("multi");
    this.#forgetAll(calls);
    this.#requests.writeChecked("multi", checks, calls);
    return this.#requests.readAll(handle.multi(), "multi", calls);
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
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

  /** Closes the handle; every later call fails with `closed`. */
  close(): void {
    const handle = this.#handle;
    if (!handle) return;
    // The core refuses to close inside the store's clock: then the handle stays open, and may be in use right now.
    told("close", () => handle.close());
    this.#handle = undefined;
    this.direct = undefined;
    handle.free();
  }

  /** Invalidates the cache for the keys that a command may change. */
  #forget(command: readonly Argument[]): void {
    const word = command[0] as Argument;
    if (this.direct === undefined || READS.has(word)) return;
    if (SWEEPING.has(word)) this.direct.forget();
    for (let index = 1; index < command.length; index++) {
      const each = command[index];
      // Some of these words are values: invalidating too much is harmless.
      if (typeof each === "string") this.direct.forget(each);
    }
  }

  #forgetAll(calls: readonly Call[]): void {
    for (const { command } of calls) this.#forget(command);
  }

  /** The open handle, after all pending writes have been flushed. */
  #open(op: string): glue.Core {
    this.direct?.flush();
    if (this.#handle) return this.#handle;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: "memory" });
  }
}

/** Calls the core; what it throws becomes an error of this operation. */
function told<V>(op: string, ask: () => V): V {
  try {
    return ask();
  } catch (error) {
    throw thrown(op, error);
  }
}
