// Opening a store by its URL, and what may be said about it.

import { callable, checker, settings, size, text, word } from "../values/arguments.js";
import { type Binding, located } from "../values/bindings.js";
import type { Connection } from "../wire/connection.js";
import { Core, type CoreOptions, type Eviction } from "../memory/core.js";
import { type Duration, notNegative } from "../values/expiry.js";
import { NETWORK, type NetworkOptions, openRemote, way } from "./remote.js";
import { type Codec, codec, type Serializer } from "../values/serializer.js";
import { throwIfAborted } from "../base/signals.js";
import { Store } from "./store.js";

/** What may be said when a store is opened, whatever its serializer. */
export interface StoreOptions {
  /**
   * A namespace: `myapp` and `myapp:` both put `myapp:` before every key, and no operation, pattern, range or flush of this
   * handle sees outside it. Names are given and returned without it.
   */
  readonly prefix?: string | undefined;
  /**
   * When strings expire that are written by `set`, `mset`, `msetnx` or `getset` without a word about time: seconds, or a
   * duration such as `"5m"`. It does not touch lists, hashes and sets.
   */
  readonly defaultTtl?: Duration | undefined;
  /** How much memory the store may take: bytes of keys, values and an overhead per entry. 1 GiB when left out. */
  readonly maxBytes?: number | undefined;
  /** How many keys the store may hold. As many as fit when left out. */
  readonly maxKeys?: number | undefined;
  /**
   * What makes room when the store is full. `"noeviction"`, when left out: nothing, a write answers `out-of-memory`;
   * `"allkeys-lru"`: the keys that have not been used for longest go; `"volatile-ttl"`: of the keys that expire, those go that
   * would soonest. The keys that a command names, or a transaction and its checks, are never evicted for it: when no other
   * key can go, it is `out-of-memory`. `stats()` counts what was evicted as `evicted`.
   */
  readonly eviction?: Eviction | undefined;
  /** The longest key, in bytes of UTF-8 with the prefix. 512 when left out. */
  readonly maxKeyBytes?: number | undefined;
  /**
   * The store's clock, in milliseconds since 1970: for tests. `Date.now` when left out. One that throws or gives no number reads
   * 0, which is refused.
   */
  readonly clock?: (() => number) | undefined;
}

/** What may be said when a store of text is opened. */
export interface ConnectOptions extends StoreOptions {
  /** How values are written and read: as text, when left out. */
  readonly serializer?: "text" | undefined;
}

/** What may be said when a store of other values than text is opened. */
export interface SerializedOptions extends StoreOptions {
  /**
   * How string values, list elements, hash values and set members are written and read: `"json"`, or a serializer such as
   * `structured` from `omnikv/structured`. Keys, fields, and what `incr`, `append`, `strlen`, `getrange` and `setrange` work
   * on are never touched.
   *
   * `"json"` reads numbers exactly or not at all: an integer beyond 2^53 that was written by a counter or another program and that
   * a JavaScript number would round, or a number beyond its range such as `1e400`, is an `invalid-value`; `{ as: "text" }` reads
   * it. Fractions are read as the nearest double. `-0` is written as `0`, as by `JSON.stringify`.
   */
  readonly serializer: "json" | Serializer;
}

/** A handle that has been opened, and how it reads and writes. */
export interface Opened {
  readonly core: Connection;
  readonly codec: Codec;
  /** By which the user gives the handle up. */
  readonly signal?: AbortSignal | undefined;
  /** The prefixes of `withPrefix` that lead from the handle on which it was first called to this one. */
  readonly within?: string;
}

/**
 * Opens a store.
 *
 * `memory:` and `:memory:` are private and new each time, and live as long as a handle on them. `memory:name` is one store
 * per name in this page, process or isolate, which lives until each of its handles has been closed, by `close()`, `using` or
 * `await using`. Garbage collection never ends it: a handle that is dropped without being closed keeps the store for as long
 * as the page, process or isolate lives.
 *
 * In a Worker, a KV namespace or a namespace of Durable Objects (`omnikv/durable-object`) is opened by its binding, in the
 * place of the URL, or by its name: `cloudflare-kv:NAME` and `durable-object:NAME`, with `env` in the options.
 *
 * Errors: `unsupported` for a URL that cannot be opened here; `invalid-argument` for options out of their domain, or in
 * conflict with those the store was opened with.
 *
 * @example
 * const kv = await connect("memory:", { prefix: "myapp", defaultTtl: 3600 });
 * await kv.set("user:1", "Alice", { ttl: 60 });
 */
export function connect(url: string | Binding, options?: ConnectOptions & NetworkOptions): Promise<Store>;
/**
 * Opens a store whose values are not text. `T` is what they are: no more than a promise to the compiler, which each
 * reading call can narrow.
 *
 * @example
 * const kv = await connect("memory:", { serializer: "json" });
 * await kv.set("user:1", { name: "Alice" });
 * const user = await kv.get<User>("user:1");
 */
export function connect<T = unknown>(
  url: string | Binding,
  options: SerializedOptions & NetworkOptions,
): Promise<Store<T, T>>;
export async function connect(url: unknown, options?: unknown): Promise<unknown> {
  return new Store(await openAnywhere("connect", url, options));
}

/** @internal Opens a store in the core. */
export function open(op: string, url: unknown, options: unknown): Opened {
  const where = text(op, "url", url);
  return inMemory(op, where, told(op, options, HANDLE));
}

/** Opens any store. */
async function openAnywhere(op: string, url: unknown, options: unknown): Promise<Opened> {
  const chosen = told(op, options, [...HANDLE, ...NETWORK]);
  const { url: named, binding } = located(op, url, chosen.given.env);
  const where = text(op, "url", named);
  const road = { ...way(op, chosen.given, chosen.options, clock(op, chosen.given)), binding };
  throwIfAborted(op, road.signal);
  if (/^:?memory:/.test(where)) return { ...inMemory(op, where, chosen), signal: road.signal };
  const read = codec(op, chosen.given.serializer);
  return { core: await openRemote(op, where, road), codec: read, signal: road.signal };
}

function inMemory(op: string, url: string, { given, options }: Told): Opened {
  return {
    codec: codec(op, given.serializer),
    core: Core.open(op, url, options, clock(op, given)),
  };
}

/** What may be said of every handle, and of a store in memory. */
const HANDLE = [
  "prefix",
  "defaultTtl",
  "maxBytes",
  "maxKeys",
  "eviction",
  "maxKeyBytes",
  "clock",
  "serializer",
] as const;

type Name = (typeof HANDLE)[number] | (typeof NETWORK)[number];

/** What was said, and what of it the wasm is told. */
interface Told {
  readonly given: Partial<Readonly<Record<Name, unknown>>>;
  readonly options: CoreOptions;
}

function told(op: string, options: unknown, known: readonly Name[]): Told {
  const given = settings<Record<Name, unknown>>(op, options, known);
  const checked = checker(op, given);
  const told = {
    prefix: checked("prefix", text),
    defaultTtlMs: checked("defaultTtl", notNegative),
    maxBytes: checked("maxBytes", size),
    maxKeys: checked("maxKeys", size),
    eviction: checked("eviction", (op, name, value) => word(op, name, value, EVICTIONS)),
    maxKeyBytes: checked("maxKeyBytes", size),
  };
  return { given, options: told as CoreOptions };
}

const EVICTIONS: readonly Eviction[] = ["noeviction", "allkeys-lru", "volatile-ttl"];

const clock = (op: string, given: Told["given"]): (() => number) | undefined =>
  checker(op, given)("clock", callable<() => number>);
