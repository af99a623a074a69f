// Opening a store by its URL, and what may be said about it.

import { callable, checker, namespace, settings, size, text, word, type Value } from "../values/arguments.js";
import { type Binding, located } from "../values/bindings.js";
import type { CoreOptions, Eviction } from "../wire/connection.js";
import { Core } from "../memory/core.js";
import { type Duration, notNegative } from "../values/expiry.js";
import type { Opened } from "./handle.js";
import { Later } from "./later.js";
import { NETWORK, type NetworkOptions, openRemote, way } from "./remote.js";
import { codec, type Serializer } from "../values/serializer.js";
import { failed } from "../base/errors.js";
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
   * The store's clock, in milliseconds since 1970: for tests. `Date.now` when left out. What needs the time is refused when the
   * clock throws, or gives no number or a negative one.
   */
  readonly clock?: (() => number) | undefined;
  /**
   * What `incr`, `decr`, `incrby`, `decrby` and `hincrby` give: `"number"` when left out, and an `invalid-value` for a sum beyond
   * 2^53; or `"bigint"`, always.
   */
  readonly integers?: "number" | undefined;
}

/** The same options for a store whose counters give bigints. */
export type BigInts<O extends StoreOptions> = Omit<O, "integers"> & {
  /** Counters give bigints. */
  readonly integers: "bigint";
};

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

/**
 * Opens a store.
 *
 * `memory:`, `memory://` and `:memory:` are private and new each time, and live as long as a handle on them. `memory:name`, or
 * `memory://name`, is one store per name in this page, process or isolate, which lives until each of its handles has been closed, by `close()`, `using` or
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
/** Opens a store whose counters give bigints. */
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
  if (/^sqlite:/.test(where)) throw failed(op, "unsupported", NO_SQLITE);
  const read = codec(op, chosen.given.serializer, chosen.given.integers);
  const core = new Later((road.told.prefix ?? "") === "", () => openRemote(op, where, road));
  return { core, codec: read, signal: road.signal, ...facts(where, chosen.options) };
}

const NO_SQLITE =
  "cannot open sqlite: from JavaScript: that is for Rust programs. What keeps its data here is a Durable Object " +
  "(omnikv/durable-object) or a server, such as redis://localhost:6379";

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
  "integers",
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
