// Opening the store that the environment names. It must not keep what it reads there.

import { object } from "../values/arguments.js";
import { type ConnectOptions, connect, type SerializedOptions } from "./connect.js";
import { invalidArgument } from "../base/errors.js";
import type { NetworkOptions } from "./remote.js";
import type { Store } from "./store.js";

/** The variables that a configuration can name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where else than in the process the variables are. */
export interface FromEnvironment {
  /** The variables: in a Worker, the handler's `env`. Those of the process when left out. */
  readonly env?: Readonly<Record<string, unknown>> | undefined;
}

/** The variables of the process; none where there is no process. */
export function environment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

/** Where a URL may stand, and the token that belongs to it; the first that is there counts. */
const PLACES: readonly (readonly [url: string, token: string | undefined, needsToken: boolean])[] = [
  ["OMNIKV_URL", "OMNIKV_TOKEN", false],
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", true],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN", true],
  ["REDIS_URL", undefined, false],
];

/**
 * Opens the store that the environment names: by `OMNIKV_URL` with `OMNIKV_TOKEN`, where the URL holds no token;
 * by `UPSTASH_REDIS_REST_URL` with `UPSTASH_REDIS_REST_TOKEN`; by `KV_REST_API_URL` with `KV_REST_API_TOKEN`; or by
 * `REDIS_URL`. The first that is there counts. The options are those of `connect`.
 *
 * Errors: those of `connect`; `invalid-argument` when there is none of them, or a token is missing.
 *
 * @example
 * const kv = await connectFromEnv({ prefix: "myapp" });
 */
export function connectFromEnv(options?: FromEnvironment & ConnectOptions & NetworkOptions): Promise<Store>;
/** The same, for values that are not text. */
export function connectFromEnv<T = unknown>(
  options: FromEnvironment & SerializedOptions & NetworkOptions,
): Promise<Store<T, T>>;
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
