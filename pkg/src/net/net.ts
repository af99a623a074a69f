// Handles on remote stores, and the wasm behind them: a separate module, loaded when a URL needs it. It must not import
// the package's core at run time, or there would be two error classes; the core passes in what it needs.

import { netModule } from "#net-module";
import { findSqlite } from "#sqlite";
import * as glue from "../../dist/bindgen/net.js";
import { answer, type Gate } from "./answer.js";
import type { Binding } from "../values/bindings.js";
import { kept } from "./causes.js";
import type { Call, Check, Connection, CoreOptions } from "../wire/connection.js";
import type { ring } from "../base/bell.js";
import type { failHere, failed, KvError, thrown } from "../base/errors.js";
import { CANNOT_COMPILE } from "../base/embedded.js";
import { findIndexedDb } from "./indexeddb.js";
import { Lender } from "./lender.js";
import { LentNamespace, toObjects } from "./lent-bindings.js";
import { LentD1 } from "./lent-d1.js";
import { type CacheMode, type Fetch, NetHost } from "./net-host.js";
import type { Decoder } from "../wire/replies.js";
import type { Requests } from "../wire/requests.js";
import { unguessable } from "../base/seeds.js";
import type { Argument } from "../wire/wire.js";

/** What the package's core passes in. */
export interface Shared {
  readonly Requests: typeof Requests;
  readonly failed: typeof failed;
  readonly failHere: typeof failHere;
  readonly thrown: typeof thrown;
  readonly ring: typeof ring;
}

/** TLS options; certificates and keys are texts in PEM form. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

/** The wasm's options for opening a store. */
export interface NetOptions extends CoreOptions {
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: TlsTexts;
  readonly token?: string;
  readonly plainStrings?: boolean;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly automaticPipelining?: boolean;
  readonly nonatomic?: boolean;
  readonly shards?: number;
}

/** What stays in JavaScript. */
export interface Lent {
  readonly clock?: (() => number) | undefined;
  readonly fetch?: Fetch | undefined;
  readonly cache?: CacheMode | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly binding?: Binding | undefined;
}

/** A caller that waits for an answer. */
interface Waiting {
  /** Decodes the answer at an address. */
  readonly read: (at: number) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Module {
  readonly shared: Shared;
  readonly requests: Requests;
}

let loading: Promise<Module> | undefined;

function load(shared: Shared, op: string): Promise<Module> {
  loading ??= instance().then((memory) => ({
    shared,
    requests: new shared.Requests(memory, glue.scratch, "", undefined, kept),
  }));
  return loading.catch((cause: unknown) => {
    if ((cause as Error | null)?.name !== "CompileError") throw cause;
    throw shared.failed(op, "unsupported", CANNOT_COMPILE, { cause });
  });
}

let instantiating: Promise<WebAssembly.Memory> | undefined;

function instance(): Promise<WebAssembly.Memory> {
  instantiating ??= netModule().then((module) => glue.initSync({ module }).memory);
  // A failure, for example for lack of memory, need not be permanent.
  instantiating.catch(() => {
    instantiating = undefined;
    loading = undefined;
  });
  return instantiating;
}

/** The running calls of all handles. */
const waiting = new Map<number, Waiting>();
let lastId = 0;

/** Delivers an answer to its caller. */
function settle(id: number, at: number): void {
  const call = waiting.get(id);
  waiting.delete(id);
  if (call === undefined) return;
  try {
    call.resolve(call.read(at));
  } catch (error) {
    call.reject(error);
  }
}

/** Opens a store. */
export async function open(
  shared: Shared,
  op: string,
  url: string,
  options: NetOptions,
  lent: Lent,
): Promise<Connection> {
  const handle = await handleOn(shared, op, url, options, lent);
  const module = await load(shared, op);
  return new NetConnection(module, handle.backend, handle, (options.prefix ?? "") === "", lent.signal);
}

async function handleOn(
  shared: Shared,
  op: string,
  url: string,
  options: NetOptions,
  { clock, fetch, cache, signal, binding }: Lent,
): Promise<glue.Net> {
  await load(shared, op);
  let namespace: LentNamespace | undefined;
  let d1: LentD1 | undefined;
  let send = fetch;
  let told = options;
  if (binding !== undefined && "idFromName" in binding) {
    const shards = shardsOf(url) ?? options.shards ?? 1;
    told = { ...options, shards };
    send = toObjects(binding, shards);
  } else if (binding !== undefined && "prepare" in binding) {
    d1 = new LentD1(binding);
  } else if (binding !== undefined) {
    namespace = new LentNamespace(binding);
  }
  const present = <V>(found: V | Missing): V => {
    if (!isMissing(found)) return found;
    const { missing, cause } = found;
    throw shared.failed(op, "unsupported", missing, cause === undefined ? {} : { cause });
  };
  const databases = {
    namespace,
    d1,
    sqlite: url.startsWith("sqlite:") ? present(findSqlite()) : undefined,
    indexedDb: url.startsWith("indexeddb:") ? present(findIndexedDb(shared.ring)) : undefined,
  };
  const host = new NetHost(send, cache, signal, settle, glue.ring);
  try {
    return (await glue.open(url, told, clock, unguessable(), host, databases)) as glue.Net;
  } catch (error) {
    throw shared.thrown(op, error, kept);
  }
}

/** Why a database cannot be had here, and what to use instead. */
interface Missing {
  readonly missing: string;
  readonly cause?: unknown;
}

const isMissing = (found: unknown): found is Missing => "missing" in (found as object);

/** The number of objects in a URL, if it is given in digits. */
function shardsOf(url: string): number | undefined {
  const digits = /[?&]shards=(\d+)(?:&|$)/.exec(url)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The database of a Durable Object. */
export interface Database {
  /** Runs a statement; returns its rows, or a word for why it has failed. */
  run(text: string, parameters: readonly unknown[]): unknown[] | string;
  /** Runs `work` as a transaction, undone if it throws; returns a word for why it has failed, if it has. */
  savepoint(work: () => void): string | undefined;
}

/** The inside of a Durable Object. */
export interface Inside {
  /** Answers a store's request. */
  answer(request: Request): Promise<Response>;
  /** When the next entry expires, in milliseconds since 1970. */
  nextDeadline(): Promise<number | undefined>;
  /** Removes entries that have expired by then, and returns the next deadline. */
  sweep(now: number): Promise<number | undefined>;
}

/** Opens the store in an object's database. */
export async function openInside(database: Database, clock: () => number): Promise<Inside> {
  await instance();
  const inside = (await glue.openInObject(database, clock, unguessable())) as glue.InObject;
  const gate = {
    maxRequestBytes: inside.maxRequestBytes,
    handle: (...request: Parameters<Gate["handle"]>) => inside.handle(...request),
  };
  return {
    answer: (request) => answer(gate, request),
    nextDeadline: () => inside.nextDeadline() as Promise<number | undefined>,
    sweep: (now) => inside.sweep(now) as Promise<number | undefined>,
  };
}

/** @internal Creates a gateway over a store of either module. */
export async function gate(
  shared: Shared,
  op: string,
  connection: Connection,
  options: object,
): Promise<Gate> {
  await load(shared, op);
  try {
    if (connection instanceof NetConnection) return connection.gate(op, options);
    return glue.Gate.lent(new Lender(connection), options);
  } catch (error) {
    throw shared.thrown(op, error);
  }
}

/** Sets an error's cause, like its constructor does. */
function because(error: Error, cause: unknown): void {
  Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
}

/** A handle on a remote store. */
class NetConnection implements Connection {
  readonly shortcuts = undefined;
  readonly isWhole: boolean;
  readonly #module: Module;
  readonly #signal: AbortSignal | undefined;
  readonly #backend: string;
  /** How to end each watcher, and how to wake it. */
  readonly #watchers = new Map<() => void, () => void>();
  #handle: glue.Net | undefined;

  constructor(
    module: Module,
    backend: string,
    handle: glue.Net | undefined,
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.isWhole = isWhole;
    this.#module = module;
    this.#backend = backend;
    this.#handle = handle;
    this.#signal = signal;
  }

  withPrefix(prefix: string): Connection {
    const isWhole = this.isWhole && prefix === "";
    return new NetConnection(
      this.#module,
      this.#backend,
      this.#handle?.withPrefix(prefix),
      isWhole,
      this.#signal,
    );
  }

  call<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Promise<V> {
    const handle = this.#open(op);
    const { requests } = this.#module;
    requests.write(op, command);
    const read = (at: number) => decode(requests.read(at, op));
    return this.#wait(handle, signal, read, (id, mayStop) => handle.call(id, mayStop)) as Promise<V>;
  }

  pipeline(calls: readonly Call[], signal?: AbortSignal): Promise<unknown[]> {
    const handle = this.#open("pipeline");
    const { requests } = this.#module;
    requests.writeAll("pipeline", calls);
    const read = (at: number) => requests.readAll(at, "pipeline", calls);
    return this.#wait(handle, signal, read, (id, mayStop) => handle.pipeline(id, mayStop)) as Promise<
      unknown[]
    >;
  }

  multi(checks: readonly Check[], calls: readonly Call[], signal?: AbortSignal): Promise<unknown[]> {
    const handle = this.#open("multi");
    const { requests } = this.#module;
    requests.writeChecked("multi", checks, calls);
    const read = (at: number) => requests.readAll(at, "multi", calls);
    return this.#wait(handle, signal, read, (id, mayStop) => handle.multi(id, mayStop)) as Promise<unknown[]>;
  }

  watch(changed: () => void): (() => void) | undefined {
    const watching = this.#handle?.watch(changed);
    if (watching === undefined) return undefined;
    this.#signal?.addEventListener("abort", changed);
    const end = () => {
      if (!this.#watchers.delete(end)) return;
      this.#signal?.removeEventListener("abort", changed);
      watching.free();
    };
    this.#watchers.set(end, changed);
    return end;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  stats(): Promise<unknown> {
    return this.#told("stats", this.#open("stats").stats());
  }

  capabilities(): unknown {
    return this.#open("capabilities").capabilities();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    // A watcher that nobody ends must not keep its connection, and with it the program.
    for (const [end, wake] of this.#watchers) {
      end();
      wake();
    }
    const closed = handle.close();
    handle.free();
    await this.#told("close", closed);
  }

  /** Creates a gateway over this store. */
  gate(op: string, options: object): glue.Gate {
    return new glue.Gate(this.#open(op), options);
  }

  #open(op: string): glue.Net {
    if (this.#handle !== undefined) return this.#handle;
    const { failed } = this.#module.shared;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: this.#backend });
  }

  /** Starts a call and waits for its answer, or until a signal is aborted. */
  #wait(
    handle: glue.Net,
    signal: AbortSignal | undefined,
    read: (at: number) => unknown,
    start: (id: number, mayStop: boolean) => void,
  ): Promise<unknown> {
    lastId = (lastId + 1) >>> 0;
    const id = lastId;
    const answered = new Promise((resolve, reject) => waiting.set(id, { read, resolve, reject }));
    const signals = [this.#signal, signal].filter((each) => each !== undefined);
    start(id, signals.length > 0);
    const { failHere } = this.#module.shared;
    if (signals.length === 0) return answered.catch(failHere);
    const cancel = () => {
      // A closed handle finishes what it has started.
      if (this.#handle === handle) handle.cancel(id);
    };
    const done = () => {
      for (const each of signals) each.removeEventListener("abort", cancel);
    };
    for (const each of signals) each.addEventListener("abort", cancel);
    answered.then(done, done);
    return answered.catch((error: KvError) => {
      const reason = error.code === "cancelled" ? signals.find(({ aborted }) => aborted) : undefined;
      if (reason !== undefined) because(error, reason.reason);
      return failHere(error);
    });
  }

  #told<V>(op: string, promise: Promise<V>): Promise<V> {
    return promise.catch((error: unknown) => {
      throw this.#module.shared.thrown(op, error, kept);
    });
  }
}
