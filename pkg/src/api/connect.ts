// Opening a store by its URL, and the options for it.

import { callable, checker, namespace, settings, size, text, word, type Value } from "../values/arguments.js";
import { type Binding, located } from "../values/bindings.js";
import type { CoreOptions, Eviction } from "../wire/connection.js";
import { Core } from "../memory/core.js";
import { type Duration, notNegative } from "../values/expiry.js";
import type { Opened } from "./handle.js";
import { Later } from "./later.js";
import { NETWORK, type NetworkOptions, openRemote, way } from "./remote.js";
import { codec, type Serializer } from "../values/serializer.js";
import { throwIfAborted } from "../base/signals.js";
import { Store } from "./store.js";

/** Options for opening a store with any serializer. */
export interface StoreOptions {
  /**
   * A namespace: `myapp` and `myapp:` both put `myapp:` before every key. Operations, patterns, ranges and flushes of
   * this handle do not see keys outside it. Names are passed and returned without it.
   */
  readonly prefix?: string | undefined;
  /**
   * Default TTL for strings written by `set`, `mset`, `msetnx` or `getset` without one: seconds, or a duration such as
   * `"5m"`. It does not affect lists, hashes, sets and sorted sets.
   */
  readonly defaultTtl?: Duration | undefined;
  /**
   * The most memory the store may use: bytes of keys, values and an overhead per entry. A record counts once in the table
   * and once in each of its changes. Default: 1 GiB.
   */
  readonly maxBytes?: number | undefined;
  /** The most keys the store may hold. Default: unlimited. Records, their changes and tasks only count in `maxBytes`. */
  readonly maxKeys?: number | undefined;
  /**
   * What makes room when the store is full. `"noeviction"` (default): nothing, so that writes fail with
   * `out-of-memory`; `"allkeys-lru"`: evicts the least recently used keys; `"volatile-ttl"`: evicts the keys that would
   * expire soonest. Keys named by the running command, or by a transaction and its checks, are never evicted for it; if
   * no other key can be evicted, it fails with `out-of-memory`. `stats()` counts evicted keys as `evicted`.
   */
  readonly eviction?: Eviction | undefined;
  /** The longest key, in bytes of UTF-8 including the prefix. Default: 512. */
  readonly maxKeyBytes?: number | undefined;
  /**
   * The store's clock, in milliseconds since 1970, for tests. Default: `Date.now`. If it throws, or does not return a
   * number of at least 0, operations that need the time fail.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * The type of the results of `incr`, `decr`, `incrby`, `decrby` and `hincrby`. `"number"` (default): a sum beyond
   * 2^53 is an `invalid-value`; `"bigint"`: always a bigint.
   */
  readonly integers?: "number" | undefined;
}

/** The same options, for a store whose counters return bigints. */
export type BigInts<O extends StoreOptions> = Omit<O, "integers"> & {
  /** Counters return bigints. */
  readonly integers: "bigint";
};

/** Options for opening a store of text. */
export interface ConnectOptions extends StoreOptions {
  /** How values are written and read. Default: as text. */
  readonly serializer?: "text" | undefined;
}

/** Options for opening a store of values other than text. */
export interface SerializedOptions extends StoreOptions {
  /**
   * How string values, list elements, hash values and set members are written and read: `"json"`, or a serializer such
   * as `structured` from `omnikv/structured`. It does not affect keys, fields, and the values of `incr`, `append`,
   * `strlen`, `getrange` and `setrange`.
   *
   * `"json"` reads numbers exactly or not at all. An integer beyond 2^53, written by a counter or another program, that
   * a JavaScript number would round, or a number out of range such as `1e400`, is an `invalid-value`; `{ as: "text" }`
   * reads it. Fractions are read as the nearest double. `-0` is written as `0`, like `JSON.stringify` does.
   */
  readonly serializer: "json" | Serializer;
}

/**
 * Opens a store.
 *
 * `memory:`, `memory://` and `:memory:` are private and new each time, and live as long as they have a handle.
 * `memory:name`, or `memory://name`, is one store per name in this page, process or isolate. It lives until all of its
 * handles have been closed, by `close()`, `using` or `await using`. Garbage collection never ends it: if a handle is
 * dropped without being closed, the store lives as long as the page, process or isolate.
 *
 * `sqlite:file.db` is a file, in Node, Bun and Deno: by `node:sqlite` (Node 22.13 and newer), `bun:sqlite`, or the package
 * better-sqlite3 if it is installed. `sqlite::memory:` is private. Several processes may use one file; `?timeout=2.5` is how many
 * seconds a call waits while another program holds the file's lock.
 *
 * `rqlite://user:password@host:4001` is an rqlite cluster; several hosts, separated by commas, are tried in turn.
 *
 * `redis+cluster://host:port,host:port` is a Redis Cluster; `redis+sentinel://host:port,host:port/service` is the master that
 * Sentinels report.
 *
 * `memcached://host:11211` is a memcached server, in Node and Workers: strings, counters and TTLs.
 *
 * `indexeddb:name` is a database of the browser, in pages, Web Workers and service workers, which all tabs of an origin share. With
 * `?durability=strict` each commit waits for the disk.
 *
 * In a Worker, open a KV namespace, a D1 database or a namespace of Durable Objects (`omnikv/durable-object`) by passing
 * its binding instead of a URL, or by name: `cloudflare-kv:NAME`, `d1:NAME` and `durable-object:NAME`, with `env` in the
 * options.
 *
 * Errors: `unsupported` for a URL that cannot be opened here; `invalid-argument` for options that are out of range or
 * contradict those the store was opened with.
 *
 * @example
 * const kv = await connect("memory:", { prefix: "myapp", defaultTtl: 3600 });
 * await kv.set("user:1", "Alice", { ttl: 60 });
 */
export function connect(url: string | Binding, options?: ConnectOptions & NetworkOptions): Promise<Store>;
/**
 * Opens a store of values other than text. `T` is their type, which is not checked at run time; each read can narrow
 * it.
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
/** Opens a store whose counters return bigints. */
export function connect(
  url: string | Binding,
  options: BigInts<ConnectOptions & NetworkOptions>,
): Promise<Store<string, Value, bigint>>;
export function connect<T = unknown>(
  url: string | Binding,
  options: BigInts<SerializedOptions & NetworkOptions>,
): Promise<Store<T, T, bigint>>;
export async function connect(url: unknown, options?: unknown): Promise<unknown> {
  const opened = openAnywhere("connect", url, options);
  // Once it is open, nothing stands between the store and its connection.
  const core = opened.core instanceof Later ? await opened.core.ready("connect") : opened.core;
  return new Store({ ...opened, core });
}

/**
 * A store at once, which is opened as `connect` opens it by the first operation: for what cannot wait, such as a constructor.
 * `connect` is this, and waits until the store is open. An operation whose store cannot be opened answers why, and the next one tries
 * again.
 *
 * Errors: throws `invalid-argument` in place for options out of their domain; a store in memory is opened at once, and throws what
 * `connect` would answer.
 *
 * @example
 * const kv = open("memory:", { prefix: "later" });
 * await kv.set("k", "v");
 */
export function open(url: string | Binding, options?: ConnectOptions & NetworkOptions): Store;
/** The same, for values that are not text. */
export function open<T = unknown>(
  url: string | Binding,
  options: SerializedOptions & NetworkOptions,
): Store<T, T>;
export function open(url: unknown, options?: unknown): unknown {
  return new Store(openAnywhere("open", url, options));
}

/** @internal Opens a store in the core. */
export function openNow(op: string, url: unknown, options: unknown): Opened {
  const where = text(op, "url", url).trim();
  // That it cannot be opened at once says more than that its options are others.
  if (!/^:?memory:/.test(where)) Core.open(op, where, {}, undefined);
  return inMemory(op, where, told(op, options, HANDLE));
}

/** Opens any store, one that is elsewhere by the first call. */
function openAnywhere(op: string, url: unknown, options: unknown): Opened {
  const chosen = told(op, options, [...HANDLE, ...NETWORK]);
  const { url: named, binding } = located(op, url, chosen.given.env);
  const where = text(op, "url", named);
  const road = { ...way(op, chosen.given, chosen.options, clock(op, chosen.given)), binding };
  throwIfAborted(op, road.signal);
  if (/^:?memory:/.test(where)) return { ...inMemory(op, where, chosen), signal: road.signal };
  const read = codec(op, chosen.given.serializer, chosen.given.integers);
  const core = new Later((road.told.prefix ?? "") === "", () => openRemote(op, where, road));
  return { core, codec: read, signal: road.signal, ...facts(where, chosen.options) };
}

/** What a console shows of a store. */
const facts = (url: string, { prefix = "" }: CoreOptions) => ({
  scheme: /^:?[\w+-]*:/.exec(url)?.[0] ?? "",
  prefix: namespace(prefix),
});

function inMemory(op: string, url: string, { given, options }: Told): Opened {
  return {
    codec: codec(op, given.serializer, given.integers),
    core: Core.open(op, url, options, clock(op, given)),
    ...facts(url, options),
  };
}

/** The options of every handle, and of a memory store. */
const HANDLE = [
  "prefix",
  "defaultTtl",
  "maxBytes",
  "maxKeys",
  "eviction",
  "maxKeyBytes",
  "clock",
  "serializer",
  "integers",
] as const;

type Name = (typeof HANDLE)[number] | (typeof NETWORK)[number];

/** The options, and the part of them that is passed to the wasm. */
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
