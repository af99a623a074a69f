// Opens the store named by the environment. The values read there are not kept.

import { object, type Value } from "../values/arguments.js";
import { type BigInts, type ConnectOptions, connect, type SerializedOptions } from "./connect.js";
import { invalidArgument } from "../base/errors.js";
import type { NetworkOptions } from "./remote.js";
import type { Store } from "./store.js";

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The source of the variables, if not the process. */
export interface FromEnvironment {
  /** The variables: in a Worker, the handler's `env`. Default: those of the process. */
  readonly env?: Readonly<Record<string, unknown>> | undefined;
}

/** The variables of the process; none if there is no process. */
export function environment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

/** The variables for a URL, and for the token that belongs to it. The first one that is set is used. */
const PLACES: readonly (readonly [url: string, token: string | undefined, needsToken: boolean])[] = [
  ["OMNIKV_URL", "OMNIKV_TOKEN", false],
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", true],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN", true],
  ["REDIS_URL", undefined, false],
];

/**
 * Opens the store named by the environment: `OMNIKV_URL`, with `OMNIKV_TOKEN` if the URL contains no token;
 * `UPSTASH_REDIS_REST_URL` with `UPSTASH_REDIS_REST_TOKEN`; `KV_REST_API_URL` with `KV_REST_API_TOKEN`; or `REDIS_URL`.
 * The first one that is set is used. The options are those of `connect`.
 *
 * Errors: those of `connect`; `invalid-argument` if none of the variables is set, or a token is missing.
 *
 * @example
 * const kv = await connectFromEnv({ prefix: "myapp" });
 */
export function connectFromEnv(options?: FromEnvironment & ConnectOptions & NetworkOptions): Promise<Store>;
/** The same, for values other than text. */
export function connectFromEnv<T = unknown>(
  options: FromEnvironment & SerializedOptions & NetworkOptions,
): Promise<Store<T, T>>;
/** The same, for counters that return bigints. */
export function connectFromEnv(
  options: FromEnvironment & BigInts<ConnectOptions & NetworkOptions>,
): Promise<Store<string, Value, bigint>>;
export function connectFromEnv<T = unknown>(
  options: FromEnvironment & BigInts<SerializedOptions & NetworkOptions>,
): Promise<Store<T, T, bigint>>;
export async function connectFromEnv(given: unknown = {}): Promise<unknown> {
  const op = "connectFromEnv";
  const told = object(op, "options", given) as FromEnvironment & ConnectOptions & NetworkOptions;
  const { env = environment(), ...options } = told;
  object(op, "env", env);
  const read = (name: string | undefined): string | undefined => {
    const value = name === undefined ? undefined : env[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  for (const [name, tokenName, needsToken] of PLACES) {
    const url = read(name);
    if (url === undefined) continue;
    const token = options.token ?? read(tokenName);
    if (token === undefined && needsToken) {
      throw invalidArgument(op, `expects the environment to have ${tokenName} beside ${name}`);
    }
    return connect(url, { ...options, token });
  }
  const names = PLACES.map(([name]) => name).join(", ");
  throw invalidArgument(op, `expects the environment to have one of ${names}`);
}
