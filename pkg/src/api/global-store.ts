// The store that a whole program shares without handing it around. It must do nothing until it is first asked for.

import { object, text, word } from "../values/arguments.js";
import { connect, type SerializedOptions, type StoreOptions } from "./connect.js";
import { invalidArgument, type KvError } from "../base/errors.js";
import { Handle } from "./handle.js";
import { REDIS_SERVER, type RedisServer, redisUrl } from "../values/location.js";
import type { NetworkOptions } from "./remote.js";
import type { Store } from "./store.js";

/** What may be said of the global store: its values are JSON unless told otherwise. */
export type GlobalOptions = StoreOptions &
  NetworkOptions & {
    /** How values are written and read: `"json"` when left out. */
    readonly serializer?: SerializedOptions["serializer"] | undefined;
  };

type Server = { readonly type?: "memory" | undefined } | ({ readonly type: "redis" } & RedisServer);

const OP = "configureGlobalStore";

let current: Promise<Store<unknown, unknown>> | undefined;

/**
 * The store that the functions of `omnikv/global` work on. Until `configureGlobalStore` is called it is a private one in
 * memory, with JSON values that expire after an hour.
 */
export function getGlobalStore<T = unknown>(): Promise<Store<T, T>> {
  current ??= connect("memory:", { serializer: "json", defaultTtl: 3600 });
  return current as Promise<Store<T, T>>;
}

/**
 * Puts another store in the place of the global one, which is closed: by its URL, by its type (`"memory"`, `"redis"`) with
 * host and port among the options, or all in one object, where `"memory"` need not be said. Without arguments it is as if it had
 * never been configured.
 * A `defaultTtl` is only there when it is given. What is asked of the global store meanwhile waits for the new one.
 *
 * Errors: those of `connect`. The functions answer the same error then, until there is another store: they never go on with
 * one that was not asked for.
 *
 * @example
 * await configureGlobalStore("memory:cache", { defaultTtl: "10m" });
 */
export async function configureGlobalStore(url: string, options?: GlobalOptions): Promise<void>;
export async function configureGlobalStore(type: "memory", options?: GlobalOptions): Promise<void>;
export async function configureGlobalStore(
  type: "redis",
  options?: GlobalOptions & RedisServer,
): Promise<void>;
export async function configureGlobalStore(settings?: GlobalOptions & Server): Promise<void>;
export async function configureGlobalStore(where?: unknown, given: unknown = {}): Promise<void> {
  const before = current;
  const opened = where === undefined ? undefined : open(where, given);
  const closed = before?.then(
    (store) => store.close(),
    // It had never been opened.
    () => undefined,
  );
  // A store of the same name with other options can only be opened once the one before is closed.
  current = opened?.catch(async (error: unknown) => {
    await closed;
    if (closed === undefined || (error as KvError).code !== "invalid-argument") throw error;
    return open(where, given);
  });
  await Promise.all([current, closed]);
}

async function open(where: unknown, given: unknown): Promise<Store<unknown, unknown>> {
  const settings = object(OP, "options", typeof where === "string" ? given : where);
  if (settings instanceof Handle) throw invalidArgument(OP, "(options) expects a URL or a type, got a store");
  const { type = "memory", serializer = "json", ...options } = settings as Record<string, unknown>;
  if (typeof where === "string" && where.includes(":")) {
    return connect(where, { ...settings, serializer } as SerializedOptions);
  }
  const kind = word(OP, "type", typeof where === "string" ? text(OP, "type", where) : type, [
    "memory",
    "redis",
  ]);
  if (kind === "memory") return connect("memory:", { ...options, serializer } as SerializedOptions);
  const names = REDIS_SERVER as readonly string[];
  const entries = Object.entries(options);
  const server = Object.fromEntries(entries.filter(([name]) => names.includes(name)));
  const rest = Object.fromEntries(entries.filter(([name]) => !names.includes(name)));
  return connect(redisUrl(OP, server), { ...rest, serializer } as SerializedOptions);
}
