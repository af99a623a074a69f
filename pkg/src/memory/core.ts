// A handle on a store in the core: loads the wasm on first use, sends commands and decodes replies. No knowledge of
// operations.

import { coreModule } from "#core-module";
import * as glue from "../../dist/bindgen/core.js";
import type { Call, Check, Connection, CoreOptions } from "../wire/connection.js";
import { type Allowed, Cache } from "./cache/cache.js";
import { failed, thrown } from "../base/errors.js";
import type { Decoder } from "../wire/replies.js";
import { Requests } from "../wire/requests.js";
import { unguessable } from "../base/seeds.js";
import type { Argument } from "../wire/wire.js";
import { CANNOT_COMPILE } from "../base/embedded.js";
import { isOpenElsewhere, realm, type SharedCore } from "./realm.js";

/** This copy's way to the core, which it may share with others. */
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
  /** While the handle is open. */
  shortcuts: Cache | undefined;

  private constructor(requests: Requests, handle: glue.Core | undefined, allowed: Allowed) {
    this.#requests = requests;
    this.#handle = handle;
    if (handle) this.shortcuts = new Cache(handle, requests, allowed);
  }

  /** Opens a store; `clock` returns milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    const evicts = options.eviction !== undefined && options.eviction !== "noeviction";
    // What is evicted changes unheard.
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
    this.shortcuts?.share();
    const handle = this.#handle;
    const allowed = { isPrivate: false, knowsTime: false, defaultTtl: 0 };
    return new Core(this.#requests, handle && told("withPrefix", () => handle.withPrefix(prefix)), allowed);
  }

  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>): V {
    const handle = this.#open(op);
    this.shortcuts?.before(command);
    this.#requests.write(op, command);
    return decode(this.#requests.read(handle.call(), op));
  }

  /** Runs commands in one call, each with its own result or error. */
  pipeline(calls: readonly Call[]): unknown[] {
    const handle = this.#open("pipeline");
    this.#before(calls);
    this.#requests.writeAll("pipeline", calls);
    return this.#requests.readAll(handle.pipeline(), "pipeline", calls);
  }

  /** Runs commands as a transaction, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[]): unknown[] {
    const handle = this.#open("multi");
    this.#before(calls);
    this.#requests.writeChecked("multi", checks, calls);
    return this.#requests.readAll(handle.multi(), "multi", calls);
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  stats(): unknown {
    const { shortcuts } = this;
    const handle = this.#open("stats");
    const stats = told("stats", () => handle.stats()) as { hits: number; misses: number };
    return {
      ...stats,
      hits: stats.hits + (shortcuts?.hits ?? 0),
      misses: stats.misses + (shortcuts?.misses ?? 0),
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
    this.shortcuts = undefined;
    handle.free();
  }

  #before(calls: readonly Call[]): void {
    for (const { command } of calls) this.shortcuts?.before(command);
  }

  /** The open handle, after all pending writes have been flushed. */
  #open(op: string): glue.Core {
    this.shortcuts?.flush();
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
