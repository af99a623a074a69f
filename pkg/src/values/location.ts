// Where a store is, told in parts instead of as a URL. It must not know which URLs can be opened here.

import { decimal, integer, text, yes } from "./arguments.js";

/** A Redis server in parts. */
export interface RedisServer {
  /** Its name or address: `localhost` when left out. */
  readonly host?: string | undefined;
  /** Its port: 6379 when left out. */
  readonly port?: number | undefined;
  /** What the server asks for; it never appears in an error. */
  readonly password?: string | undefined;
  /** Which of its databases: 0 when left out. */
  readonly db?: number | undefined;
  /** Whether the connection is encrypted. */
  readonly tls?: boolean | undefined;
  /** How many seconds an operation may take. */
  readonly timeout?: number | undefined;
  /** How many connections to hold at most. */
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
