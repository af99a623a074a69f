// The global store as functions (`omnikv/global`). Imports nothing but the package itself, so that a program has one
// set of stores.

import {
  type As,
  type Expiry,
  getGlobalStore,
  type Own,
  type RangeOptions,
  type Raw,
  type RawForm,
} from "./index.js";

export { configureGlobalStore, getGlobalStore } from "./index.js";

/**
 * Writes a value.
 *
 * @example
 * import { get, put } from "omnikv/global";
 * await put("user:123", { name: "John Doe" }, { ttl: "5m" });
 */
export async function put(key: string, value: unknown, options?: Expiry): Promise<"OK"> {
  return (await getGlobalStore()).put(key, value, options);
}

/** Returns the value of a key; `null`, or the `default`, if it does not exist. */
export async function get<T = unknown>(
  key: string,
  options?: Own & { readonly default?: undefined },
): Promise<T | null>;
export async function get<T = unknown>(
  key: string,
  options: Own & { readonly default: NoInfer<T> },
): Promise<T>;
export async function get<T, D>(key: string, options: Own & { readonly default: D }): Promise<T | D>;
/** The same, with the value as stored. */
export async function get<F extends RawForm>(
  key: string,
  options: As<F> & { readonly default?: undefined },
): Promise<Raw<F> | null>;
export async function get<F extends RawForm, D>(
  key: string,
  options: As<F> & { readonly default: D },
): Promise<Raw<F> | D>;
export async function get(key: string, options?: object): Promise<unknown> {
  return (await getGlobalStore()).get(key, options);
}

/** Removes keys and returns how many existed. */
export async function del(...keys: string[]): Promise<number>;
export async function del(keys: readonly string[]): Promise<number>;
export async function del(...keys: unknown[]): Promise<number> {
  return (await getGlobalStore()).del(keys.flat() as string[]);
}

/** Returns whether a key exists. */
export async function exists(key: string): Promise<boolean> {
  return (await getGlobalStore()).exists(key);
}

/**
 * The keys from `start` to `end`, exclusive, each with its value; without `end`, all keys that begin with `start`.
 */
export async function rangeGet<T = unknown>(
  start: string,
  end?: string | null,
  options?: RangeOptions & Own,
): Promise<[string, T | null][]>;
/** The same, with values as stored. */
export async function rangeGet<F extends RawForm>(
  start: string,
  end: string | null | undefined,
  options: RangeOptions & As<F>,
): Promise<[string, Raw<F> | null][]>;
export async function rangeGet(start: string, end?: string | null, options?: RangeOptions): Promise<unknown> {
  return (await getGlobalStore()).rangeGet(start, end, options);
}
