// Several named stores from one configuration.

import { isOptions, object, text, typeName, word, type Value } from "../values/arguments.js";
import { type BigInts, type ConnectOptions, connect, type SerializedOptions } from "./connect.js";
import { asyncDispose, dispose } from "../base/dispose.js";
import { type Environment, environment } from "./environment.js";
import { invalidArgument, KvError } from "../base/errors.js";
import { MemoryStore } from "./memory-store.js";
import type { NetworkOptions } from "./remote.js";
import type { Serializer } from "../values/serializer.js";
import { finishLater, finishNow, type Steps, wait } from "../base/steps.js";
import type { Store } from "./store.js";

/**
 * A store by its URL, with the options of `connect`. In every string, `${NAME}` and `${NAME:default}` are replaced by
 * environment variables.
 */
export type StoreConfig = {
  /** The store's URL, as for `connect`. */
  readonly url: string;
} & (ConnectOptions | SerializedOptions | BigInts<ConnectOptions> | BigInts<SerializedOptions>) &
  NetworkOptions;

/**
 * A store as a service in a configuration file. Its values are JSON unless a `serializer` is given. In every string,
 * `${NAME}` and `${NAME:default}` are replaced by environment variables; numbers may be written as text.
 */
export interface ServiceConfig {
  /** The kind of store. */
  readonly type: "kvstore_memory" | "kvstore_redis";
  /** Its settings. */
  readonly config?:
    | {
        /** Host and port. Default: `localhost:6379`. */
        readonly addr?: string | undefined;
        readonly password?: string | undefined;
        readonly db?: number | string | undefined;
        readonly pool_size?: number | string | undefined;
        readonly prefix?: string | undefined;
      }
    | null
    | undefined;
}

/** A configuration whose store holds values other than text. */
type Typed = { readonly serializer: "json" | Serializer } | { readonly type: string };

/** The type that counters return, for a configuration. */
type IntegerOf<C> = C extends { readonly integers: "bigint" } ? bigint : number;

/** Whether the configuration is of type `any`, for example read from a file. */
type IsAny<C> = 0 extends 1 & C ? true : false;

/** The type of store for a configuration; for `any`, a store of any values. */
export type StoreOf<C> =
  IsAny<C> extends true
    ? Store<unknown>
    : C extends Typed
      ? Store<unknown, unknown, IntegerOf<C>>
      : Store<string, Value, IntegerOf<C>>;

/** The type of synchronous store for a configuration. */
export type MemoryStoreOf<C> =
  IsAny<C> extends true
    ? MemoryStore<unknown>
    : C extends Typed
      ? MemoryStore<unknown, unknown, IntegerOf<C>>
      : MemoryStore<string, Value, IntegerOf<C>>;

/** Stores by name, with a common `close`. */
export type Stores<C> = { readonly [Name in keyof C]: StoreOf<C[Name]> } & {
  /** Closes all of them. */
  close(): Promise<void>;
  /** Closes all of them at the end of an `await using` block. */
  [asyncDispose](): Promise<void>;
};

/** Synchronous stores by name, with a common `close`. */
export type MemoryStores<C> = { readonly [Name in keyof C]: MemoryStoreOf<C[Name]> } & {
  /** Closes all of them. */
  close(): void;
  /** Closes all of them at the end of a `using` block. */
  [dispose](): void;
};

/** Configurations by the names of their stores. */
export type StoresConfig = Readonly<Record<string, StoreConfig | ServiceConfig>>;

/**
 * Opens all stores of a configuration, or none: each by its URL with the options of `connect`, or as a service with
 * type and settings. `env` contains the variables to insert. Default: those of the process.
 *
 * Errors: those of `connect`, with the store's name before the message.
 *
 * @example
 * await using stores = await createStores({
 *   user_cache: { url: "memory:", prefix: "users", serializer: "json" },
 *   session_cache: { url: "memory:", prefix: "sessions", defaultTtl: "24h" },
 * });
 * await stores.user_cache.set("1", { name: "Alice" });
 */
export async function createStores<const C extends StoresConfig>(
  config: C,
  options?: { readonly env?: Environment | undefined },
): Promise<Stores<C>> {
  const closed = async (closing: unknown[]) => {
    await Promise.all(closing);
  };
  const steps = opened("createStores", config, options?.env, connect, closed, asyncDispose);
  return (await finishLater(steps)) as Stores<C>;
}

/**
 * Like `createStores`, but synchronous, for memory stores only.
 *
 * Errors: those of `MemoryStore.connect`, with the store's name before the message.
 *
 * @example
 * const stores = createMemoryStores({
 *   user_cache: { url: "memory:", prefix: "users", serializer: "json" },
 *   limits: { url: "memory:", maxKeys: 10_000, eviction: "allkeys-lru" },
 * });
 * stores.user_cache.set("1", { name: "Alice" });
 */
export function createMemoryStores<const C extends StoresConfig>(
  config: C,
  options?: { readonly env?: Environment | undefined },
): MemoryStores<C> {
  const open = (url: string, options: ConnectOptions) => MemoryStore.connect(url, options);
  const steps = opened("createMemoryStores", config, options?.env, open, () => undefined, dispose);
  return finishNow(steps) as MemoryStores<C>;
}

/** Opens all stores of a configuration, or none; `end` is one more name for closing them. */
function* opened(
  op: string,
  config: unknown,
  env: Environment | undefined,
  open: (url: string, options: ConnectOptions) => unknown,
  closed: (closing: unknown[]) => unknown,
  end: symbol,
): Steps<object> {
  const stores: Record<string, Store | MemoryStore> = {};
  const close = () => closed(Object.values(stores).map((store) => store.close()));
  try {
    for (const [name, each] of named(op, config)) {
      try {
        const [url, options] = place(op, each, env);
        stores[name] = yield* wait(open(url, options));
      } catch (error) {
        throw namely(name, error);
      }
    }
  } catch (error) {
    yield* wait(close());
    throw error;
  }
  // The closing methods are not enumerable.
  return Object.defineProperties({ ...stores }, { close: { value: close }, [end]: { value: close } });
}

/** The stores of a configuration, by name. */
function named(op: string, config: unknown): [string, unknown][] {
  const stores = Object.entries(object(op, "config", config));
  if (stores.some(([name]) => name === "close")) {
    throw invalidArgument(op, "(config) has a store named close, which closes them all");
  }
  return stores;
}

/** Adds the store's name to an error of opening it. */
const namely = (name: string, error: unknown) =>
  error instanceof KvError ? new KvError(error.code, `${name}: ${error.message}`, error) : error;

/** The URL and the options of a store. */
function place(op: string, each: unknown, env: Environment | undefined): [string, ConnectOptions] {
  if (!isOptions(each)) throw invalidArgument(op, `expects an object, got ${typeName(each)}`);
  const variables = env ?? environment();
  if (!("type" in (each as object))) {
    const { url, ...options } = expandedAll(op, each as object, variables);
    return [url as string, options];
  }
  const { type, config } = each as { type: unknown; config?: Record<string, unknown> | null };
  const kind = word(op, "type", type, ["kvstore_memory", "kvstore_redis"]);
  // In a configuration file, an empty value is `null`.
  const settings = expandedAll(op, config ?? {}, variables);
  const { addr = "", password, db, pool_size: poolSize, ...options } = settings;
  if (kind === "kvstore_memory") return ["memory:", { serializer: "json", ...options } as object];
  const server = { password, db, poolSize };
  return [`redis://${text(op, "addr", addr)}`, { serializer: "json", ...server, ...options } as object];
}

/** Settings with variables replaced; numbers may be given as text. */
function expandedAll(op: string, settings: object, variables: Environment): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    const full = typeof value === "string" ? expanded(op, value, variables) : (value as unknown);
    told[name] = TEXTS.includes(name) ? full : number(full);
  }
  return told;
}

/** Settings that are text even if they look like a number. */
const TEXTS: readonly string[] = ["addr", "host", "password", "prefix", "token", "url", "username"];

/** Numbers may arrive as text, from a variable. */
const number = (value: unknown) =>
  typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;

/** Replaces `${NAME}` and `${NAME:default}`. */
function expanded(op: string, value: string, env: Environment): string {
  return value.replace(/\$\{(\w+)(?::([^}]*))?\}/g, (_, name: string, otherwise?: string) => {
    const found = env[name] ?? otherwise;
    if (found === undefined) throw invalidArgument(op, `expects the environment to have ${name}`);
    return found;
  });
}
