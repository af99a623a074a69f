// Opening a remote store: the network options, and the module with remote backends, loaded on first use. Which URLs can
// be opened is not known here.

import { callable, checker, integer, isBytes, settings, size, text, word, yes } from "../values/arguments.js";
import type { Connection, CoreOptions } from "../wire/connection.js";
import { ring } from "../base/bell.js";
import { failHere, failed, invalidArgument, thrown } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Lent, NetOptions, Shared, TlsTexts } from "../net/net.js";
import { Later } from "./later.js";
import type { Fetch } from "../net/net-host.js";
import { Requests } from "../wire/requests.js";
import { signalOf, throwIfAborted } from "../base/signals.js";

/** TLS options for a Redis or PostgreSQL server, in Node. Certificates and keys are in PEM form. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of Node's. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** The client's certificate. */
  readonly cert?: string | Uint8Array | undefined;
  /** The client's private key; it never appears in an error. */
  readonly key?: string | Uint8Array | undefined;
  /** `false` accepts any server certificate: an attacker on the network can then read and change everything. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** The cache mode of requests, as in `fetch`. */
export type CacheMode = "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";

/**
 * How to reach a remote store. The URL takes precedence over these options. Memory stores accept and ignore them; other
 * stores reject a `db` or a `host` that their kind of URL does not support with `unsupported`.
 */
export interface NetworkOptions {
  /**
   * The server's name or address, if the URL contains none (`redis://` or `upstash://`). Default for Redis:
   * `localhost`.
   */
  readonly host?: string | undefined;
  /** The server's port, if the URL contains none. Default: the scheme's. */
  readonly port?: number | undefined;
  /** The user of a Redis server or an rqlite cluster, if the URL contains none. Default: the server's default user. */
  readonly username?: string | undefined;
  /** The password of a Redis server or an rqlite cluster, if the URL contains none. It never appears in an error. */
  readonly password?: string | undefined;
  /** The number of a Redis server's database, if the URL contains none. Default: 0. */
  readonly db?: number | undefined;
  /**
   * Makes `redis://` use TLS like `rediss://`, and `postgres://` verify the server, with these options; `false` leaves
   * the decision to the URL.
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * The most connections to keep open. Accepted for compatibility with other clients and ignored: one connection
   * carries everything. For PostgreSQL, give `pool_size` in the URL.
   */
  readonly poolSize?: number | undefined;
  /** The bearer token for a server over HTTP, if the URL contains none. It never appears in an error. */
  readonly token?: string | undefined;
  /**
   * The timeout of an operation, including all retries: seconds, or a duration such as `"500ms"`. Default: 10 seconds.
   */
  readonly timeout?: Duration | undefined;
  /**
   * How many times a failed request is retried, with growing pauses. Default: 5. An operation that must not run twice
   * is only retried if the server has certainly not seen it.
   */
  readonly retries?: number | undefined;
  /** Whether operations that start together are sent as one request, in order. Default: true. */
  readonly automaticPipelining?: boolean | undefined;
  /**
   * The encoding of strings in the server's responses: `"base64"` (default) preserves all bytes; `"none"` is for
   * servers that do not support it.
   */
  readonly responseEncoding?: "base64" | "none" | undefined;
  /**
   * The function to send HTTP requests with. Default: the global `fetch`. It decides about keep-alive, connection reuse
   * and proxies: in Node, the `fetch` of `undici` takes a `dispatcher` for that.
   */
  readonly fetch?: Fetch | undefined;
  /**
   * The cache mode of HTTP requests. Default: `"no-store"`, so that no framework answers them from its own cache;
   * `"default"` sets no mode. Workers with a compatibility date before this feature set no mode either.
   */
  readonly cache?: CacheMode | undefined;
  /** In a Worker: its `env`, which contains the bindings for `cloudflare-kv:NAME`, `d1:NAME` and `durable-object:NAME`. */
  readonly env?: object | undefined;
  /**
   * `"allow"` lets Cloudflare KV run updates as a read followed by a write, because it cannot run them atomically: if
   * two callers change a key at the same time, one change may be lost. Default: such updates fail with `unsupported`.
   */
  readonly nonatomic?: "allow" | undefined;
  /**
   * The number of Durable Objects that the keys are distributed over, by hash slot. Default: 1. It cannot be changed
   * later.
   */
  readonly shards?: number | undefined;
  /** Cancels the store when aborted: running and later operations fail with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of these options. */
export const NETWORK = [
  "host",
  "port",
  "username",
  "password",
  "db",
  "tls",
  "poolSize",
  "token",
  "timeout",
  "retries",
  "automaticPipelining",
  "responseEncoding",
  "fetch",
  "cache",
  "signal",
  "env",
  "nonatomic",
  "shards",
] as const;

/** The given options, unchecked. */
export type GivenNetwork = Partial<Readonly<Record<(typeof NETWORK)[number], unknown>>>;

/** The checked options of a store and its network. */
export interface Way extends Lent {
  readonly told: NetOptions;
}

/** Checks the network options. */
export function way(op: string, given: GivenNetwork, store: CoreOptions, clock: Lent["clock"]): Way {
  const checked = checker(op, given);
  const told = {
    ...store,
    host: checked("host", text),
    port: checked("port", bounded(1, 65_535)),
    username: checked("username", text),
    password: checked("password", text),
    db: checked("db", bounded(0, 2 ** 32 - 1)),
    tls: checked("tls", tlsTexts),
    token: checked("token", text),
    plainStrings: checked("responseEncoding", oneOf("base64", "none")) === "none",
    timeoutMs: checked("timeout", positive),
    retries: checked("retries", size),
    automaticPipelining: checked("automaticPipelining", yes),
    nonatomic: checked("nonatomic", oneOf("allow")) === "allow",
    shards: checked("shards", (op, name, value) => Number(integer(op, name, value))),
  };
  checked("poolSize", size);
  return {
    told: told as NetOptions,
    clock,
    fetch: checked("fetch", callable<Fetch>),
    cache: checked("cache", oneOf(...CACHES)) as CacheMode | undefined,
    signal: signalOf(op, given.signal),
  };
}

const CACHES: readonly CacheMode[] = [
  "default",
  "force-cache",
  "no-cache",
  "no-store",
  "only-if-cached",
  "reload",
];

const bounded =
  (least: number, most: number) =>
  (op: string, name: string, value: unknown): number => {
    const number = Number(integer(op, name, value));
    if (number >= least && number <= most) return number;
    throw invalidArgument(op, `(${name}) expects a number from ${least} to ${most}, got ${number}`);
  };

/** The TLS options as texts; `undefined` if the URL decides. */
function tlsTexts(op: string, name: string, value: unknown): TlsTexts | undefined {
  if (typeof value === "boolean") return value ? {} : undefined;
  const known = ["ca", "cert", "key", "rejectUnauthorized"] as const;
  const given = settings<Record<(typeof known)[number], unknown>>(op, value, known);
  const checked = checker(op, given);
  const told = {
    ca: checked("ca", (op, _, value) =>
      (Array.isArray(value) ? value : [value]).map((each) => pem(op, `${name}.ca`, each)).join("\n"),
    ),
    cert: checked("cert", (op, _, value) => pem(op, `${name}.cert`, value)),
    key: checked("key", (op, _, value) => pem(op, `${name}.key`, value)),
    rejectUnauthorized: checked("rejectUnauthorized", yes),
  };
  if ((told.cert === undefined) !== (told.key === undefined)) {
    throw invalidArgument(op, `(${name}) expects cert and key together`);
  }
  return told as TlsTexts;
}

const pem = (op: string, name: string, value: unknown): string =>
  isBytes(value) ? new TextDecoder().decode(value) : text(op, name, value);

const oneOf =
  (...words: string[]) =>
  (op: string, name: string, value: unknown): string =>
    word(op, name, value, words);

function positive(op: string, name: string, value: unknown): number {
  const ms = milliseconds(op, name, value);
  if (ms <= 0) throw invalidArgument(op, `(${name}) expects a positive time`);
  return ms;
}

const SHARED: Shared = { Requests, failHere, failed, thrown, ring };

/** Opens a remote store. */
export async function openRemote(op: string, url: string, way: Way): Promise<Connection> {
  for (const name of ["maxBytes", "maxKeys", "eviction"] as const) {
    if (way.told[name] === undefined) continue;
    throw failed(op, "unsupported", `(${name}) is for stores in memory: a server has limits of its own`);
  }
  // PostgreSQL's protocol is a module of its own.
  const isPostgres = /^\s*postgres(ql)?:/i.test(url);
  const net = await (isPostgres ? import("../net/postgres.js") : import("../net/net.js"));
  const connection = await net.open(SHARED, op, url, way.told, way);
  throwIfAborted(op, way.signal);
  return connection;
}

/** @internal Creates a gateway over a store. The options have been checked. */
export async function gateBefore(op: string, store: unknown, told: object): Promise<unknown> {
  const given = (store as { core?: Connection } | null)?.core;
  if (given === undefined) throw invalidArgument(op, "(store) expects a store or a URL");
  const core = given instanceof Later ? await given.ready(op) : given;
  const net = await import("../net/net.js");
  return net.gate(SHARED, op, core, told);
}
