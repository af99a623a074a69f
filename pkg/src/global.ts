// The global store as functions (`omnikv/global`). It must import nothing but the package itself: there is one set of
// stores in a program.

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

/** The value of a key; `null`, or the `default`, when it does not exist. */
export async function get<T = unknown>(
  key: string,
  options?: Own & { readonly default?: undefined },
): Promise<T | null>;
export async function get<T = unknown>(
  key: string,
  options: Own & { readonly default: NoInfer<T> },
): Promise<T>;
export async function get<T, D>(key: string, options: Own & { readonly default: D }): Promise<T | D>;
/** The same, with the value as it is stored. */
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

/** Removes keys and gives how many there were. */
export async function del(...keys: string[]): Promise<number>;
export async function del(keys: readonly string[]): Promise<number>;
export async function del(...keys: unknown[]): Promise<number> {
  return (await getGlobalStore()).del(keys.flat() as string[]);
}

/** Whether a key exists. */
export async function exists(key: string): Promise<boolean> {
  return (await getGlobalStore()).exists(key);
}

/**
 * The keys from `start` up to but not including `end`, each with its value; without `end`: every key that starts with
 * `start`.
 */
export async function rangeGet<T = unknown>(
  start: string,
  end?: string | null,
  options?: RangeOptions & Own,
): Promise<[string, T | null][]>;
/** The same, with values as they are stored. */
export async function rangeGet<F extends RawForm>(
  start: string,
  end: string | null | undefined,
  options: RangeOptions & As<F>,
): Promise<[string, Raw<F> | null][]>;
export async function rangeGet(start: string, end?: string | null, options?: RangeOptions): Promise<unknown> {
  return (await getGlobalStore()).rangeGet(start, end, options);
}
