// A store's location in parts instead of a URL. Which URLs can be opened is not known here.

import { decimal, integer, text, yes } from "./arguments.js";

/** A Redis server's location in parts. */
export interface RedisServer {
  /** The name or address. Default: `localhost`. */
  readonly host?: string | undefined;
  /** The port. Default: 6379. */
  readonly port?: number | undefined;
  /** The password; it never appears in an error. */
  readonly password?: string | undefined;
  /** The number of the database. Default: 0. */
  readonly db?: number | undefined;
  /** Whether to use TLS. */
  readonly tls?: boolean | undefined;
  /** The timeout of an operation, in seconds. */
  readonly timeout?: number | undefined;
  /** The most connections to keep open. */
  readonly poolSize?: number | undefined;
}

/** The names of these parts. */
export const REDIS_SERVER = ["host", "port", "password", "db", "tls", "timeout", "poolSize"] as const;

/** The URL of a Redis server. */
export function redisUrl(op: string, server: Readonly<Record<string, unknown>>): string {
  const { host = "localhost", port = 6379, password, db = 0, tls, timeout, poolSize } = server;
  const scheme = yes(op, "tls", tls) ? "rediss" : "redis";
  const secret =
    password === undefined || password === ""
      ? ""
      : `:${encodeURIComponent(text(op, "password", password))}@`;
  const place = `${text(op, "host", host)}:${integer(op, "port", port)}/${integer(op, "db", db)}`;
  const query = new URLSearchParams();
  if (timeout !== undefined) query.set("timeout", decimal(op, "timeout", timeout));
  if (poolSize !== undefined) query.set("pool_size", integer(op, "poolSize", poolSize));
  return `${scheme}://${secret}${place}${query.size > 0 ? `?${query}` : ""}`;
}
