// Several stores from one configuration, each by its name.

import { isOptions, text, typeName, word } from "./arguments.js";
import { type ConnectOptions, connect, type SerializedOptions } from "./connect.js";
import { asyncDispose } from "./dispose.js";
import { invalidArgument, KvError } from "./errors.js";
import { redisUrl } from "./location.js";
import type { Serializer } from "./serializer.js";
import type { Store } from "./store.js";

/** A store by its URL, with the options of `connect`. */
export type StoreConfig = { readonly url: string } & (ConnectOptions | SerializedOptions);

/**
 * A store as a service of a configuration file has it. Its values are JSON. In every text `${NAME}` and `${NAME:default}`
 * stand for variables of the environment; numbers may be written as text.
 */
export interface ServiceConfig {
  readonly type: "kvstore_memory" | "kvstore_redis";
  readonly config?:
    | {
        /** Host and port: `localhost:6379` when left out. */
        readonly addr?: string | undefined;
        readonly password?: string | undefined;
        readonly db?: number | string | undefined;
        readonly pool_size?: number | string | undefined;
        readonly prefix?: string | undefined;
      }
    | undefined;
}

/** The store that a configuration makes. */
export type StoreOf<C> = C extends { readonly serializer: "json" | Serializer } | { readonly type: string }
  ? Store<unknown>
  : Store;

/** Stores by their names, and their common end. */
export type Stores<C> = { readonly [Name in keyof C]: StoreOf<C[Name]> } & {
  /** Closes all of them. */
  close(): Promise<void>;
  /** Closes all of them at the end of an `await using` block. */
  [asyncDispose](): Promise<void>;
};

/** The variables that a configuration can name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const OP = "createStores";

/**
 * Opens the stores of a configuration, all of them or none: each by its URL with the options of `connect`, or as a service
 * of type and settings. `env` holds the variables that services name: those of the process when left out.
 *
 * Errors: those of `connect`, with the store's name before their message.
 *
 * @example
 * await using stores = await createStores({
 *   user_cache: { url: "memory:", prefix: "users", serializer: "json" },
 *   session_cache: { url: "memory:", prefix: "sessions", defaultTtl: "24h" },
 * });
 * await stores.user_cache.set("1", { name: "Alice" });
 */
export async function createStores<const C extends Readonly<Record<string, StoreConfig | ServiceConfig>>>(
  config: C,
  given?: { readonly env?: Environment | undefined },
): Promise<Stores<C>> {
  if (!isOptions(config)) throw invalidArgument(OP, `(config) expects an object, got ${typeName(config)}`);
  const stores: Record<string, Store> = {};
  const close = async () => {
    await Promise.all(Object.values(stores).map((store) => store.close()));
  };
  try {
    for (const [name, each] of Object.entries(config)) {
      if (name === "close")
        throw invalidArgument(OP, "(config) has a store named close, which closes them all");
      stores[name] = await named(name, () => open(each, given?.env));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const unlisted = { enumerable: false, value: close };
  return Object.defineProperties({ ...stores }, { close: unlisted, [asyncDispose]: unlisted }) as Stores<C>;
}

async function named<V>(name: string, work: () => Promise<V>): Promise<V> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KvError) throw new KvError(error.code, `${name}: ${error.message}`, error);
    throw error;
  }
}

async function open(each: unknown, env: Environment | undefined): Promise<Store> {
  if (!isOptions(each)) throw invalidArgument(OP, `expects an object, got ${typeName(each)}`);
  if (!("type" in (each as object))) {
    const { url, ...options } = each as { url: string } & ConnectOptions;
    return connect(url, options);
  }
  const { type, config = {} } = each as { type: unknown; config?: Record<string, unknown> };
  const kind = word(OP, "type", type, ["kvstore_memory", "kvstore_redis"]);
  const variables = env ?? environment();
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    settings[name] = typeof value === "string" ? expanded(value, variables) : value;
  }
  const { addr, password, db, pool_size: poolSize, ...options } = settings;
  const url =
    kind === "kvstore_memory"
      ? "memory:"
      : redisUrl(OP, { ...place(addr), password, ...numbers({ db, poolSize }) });
  return connect(url, { ...options, serializer: "json" }) as unknown as Promise<Store>;
}

/** Host and port of an address such as `localhost:6379` or `[::1]:6379`. */
function place(addr: unknown): { host?: string; port?: number } {
  if (addr === undefined) return {};
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(text(OP, "addr", addr)) as unknown as [
    string,
    string,
    string?,
  ];
  return port === undefined ? { host } : { host, port: Number(port) };
}

/** Numbers may come as text, from a variable. */
function numbers(given: Record<string, unknown>): Record<string, unknown> {
  const isNumber = (value: unknown) => typeof value === "string" && /^\d+$/.test(value);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isNumber(value) ? Number(value) : value]),
  );
}

function environment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

/** `${NAME}` and `${NAME:default}` with what they stand for. */
function expanded(value: string, env: Environment): string {
  return value.replace(/\$\{(\w+)(?::([^}]*))?\}/g, (_, name: string, otherwise?: string) => {
    const found = env[name] ?? otherwise;
    if (found === undefined) throw invalidArgument(OP, `expects the environment to have ${name}`);
    return found;
  });
}
