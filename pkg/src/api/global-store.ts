// The global store, which a whole program shares without passing it around. Nothing is opened before its first use.

import { object, text, word } from "../values/arguments.js";
import { connect, type SerializedOptions, type StoreOptions } from "./connect.js";
import { invalidArgument, type KvError } from "../base/errors.js";
import { Handle } from "./handle.js";
import { realm } from "../memory/realm.js";
import type { NetworkOptions } from "./remote.js";
import type { Store } from "./store.js";

/** Options of the global store. Its values are JSON by default. */
export type GlobalOptions = StoreOptions &
  NetworkOptions & {
    /** How values are written and read. Default: `"json"`. */
    readonly serializer?: SerializedOptions["serializer"] | undefined;
  };

interface Server {
  readonly type?: "memory" | "redis" | undefined;
}

const OP = "configureGlobalStore";

/**
 * Returns the store that the functions of `omnikv/global` use. Before `configureGlobalStore` is called, it is a private
 * memory store with JSON values that expire after an hour.
 */
export function getGlobalStore<T = unknown>(): Promise<Store<T, T>> {
  const shared = realm();
  shared.global ??= connect("memory:", { serializer: "json", defaultTtl: 3600 });
  return shared.global as Promise<Store<T, T>>;
}

/**
 * Replaces the global store and closes the previous one. Pass a URL, or a type (`"memory"`, `"redis"`) with host and
 * port in the options, or everything in one object, where the type defaults to `"memory"`. Without arguments, it resets
 * the global store to its initial state. There is a `defaultTtl` only if you pass one. Calls of the global store
 * meanwhile wait for the new one.
 *
 * Errors: those of `connect`. The global functions then fail with the same error until another store is configured;
 * they never fall back to a store that you did not choose.
 *
 * @example
 * await configureGlobalStore("memory:cache", { defaultTtl: "10m" });
 */
export async function configureGlobalStore(url: string, options?: GlobalOptions): Promise<void>;
export async function configureGlobalStore(type: "memory", options?: GlobalOptions): Promise<void>;
export async function configureGlobalStore(type: "redis", options?: GlobalOptions): Promise<void>;
export async function configureGlobalStore(settings?: GlobalOptions & Server): Promise<void>;
export async function configureGlobalStore(where?: unknown, given: unknown = {}): Promise<void> {
  const shared = realm();
  const before = shared.global as Promise<Store<unknown, unknown>> | undefined;
  const opened = where === undefined ? undefined : open(where, given);
  const closed = before?.then(
    (store) => store.close(),
    // The store was never opened.
    () => undefined,
  );
  // A store with the same name and other options can only be opened after the previous one is closed.
  shared.global = opened?.catch(async (error: unknown) => {
    await closed;
    if (closed === undefined || (error as KvError).code !== "invalid-argument") throw error;
    return open(where, given);
  });
  await Promise.all([shared.global, closed]);
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
  const url = kind === "memory" ? "memory:" : "redis://";
  return connect(url, { ...options, serializer } as SerializedOptions);
}
