// Opening a store that is elsewhere: what may be said about the way there, and the module that knows the way, loaded when it is
// first needed. It must not know which URLs can be opened.

import { callable, checker, integer, isBytes, settings, size, text, word, yes } from "../values/arguments.js";
import type { Connection, CoreOptions } from "../wire/connection.js";
import { failHere, failed, invalidArgument, thrown } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Lent, NetOptions, Shared, TlsTexts } from "../net/net.js";
import { Later } from "./later.js";
import type { Fetch } from "../net/net-host.js";
import { Requests } from "../wire/requests.js";
import { signalOf, throwIfAborted } from "../base/signals.js";

/** How TLS is spoken with a Redis server, beyond what the host does by itself: in Node. Certificates and keys are in PEM form. */
export interface TlsOptions {
  /** The authorities that sign the server's certificate, instead of those that Node knows. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** The certificate that the server is shown. */
  readonly cert?: string | Uint8Array | undefined;
  /** Its private key; it never appears in an error. */
  readonly key?: string | Uint8Array | undefined;
  /** `false` takes any certificate of the server's: whoever stands between reads and changes everything. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** What requests say about caches, as in `fetch`. */
export type CacheMode = "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";

/**
 * How to reach a store that is elsewhere. What the URL says counts more. A store in memory, which needs none of it, takes it all the
 * same; elsewhere, a `db` or a `host` that a URL of its kind cannot lead to is `unsupported`.
 */
export interface NetworkOptions {
  /** The server's name or address, where the URL holds none, as `redis://` or `upstash://`: for Redis `localhost` when left out. */
  readonly host?: string | undefined;
  /** The server's port, where the URL holds none: the scheme's own when left out. */
  readonly port?: number | undefined;
  /** A user of a Redis server, where the URL names none: the default one when left out. */
  readonly username?: string | undefined;
  /** What a Redis server asks for, where the URL does not hold it. It never appears in an error. */
  readonly password?: string | undefined;
  /** The number of a Redis server's database, where the URL names none: 0 when left out. */
  readonly db?: number | undefined;
  /** Makes `redis://` encrypted, as `rediss://` is, and says how; `false` leaves it to the URL. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** How many connections to hold at most: taken for what other clients do with it. One connection carries everything at once. */
  readonly poolSize?: number | undefined;
  /** The bearer token that a server over HTTP is shown, where the URL does not hold it. It never appears in an error. */
  readonly token?: string | undefined;
  /** How long an operation may take, with everything that is tried again: seconds, or a duration such as `"500ms"`. 10 seconds when left out. */
  readonly timeout?: Duration | undefined;
  /**
   * How often a request is sent again that has failed: 5 times when left out, after pauses that grow. What must not happen
   * twice is only sent again when the server has certainly not seen it.
   */
  readonly retries?: number | undefined;
  /** Whether operations that are begun together travel as one request, in their order. They do when left out. */
  readonly automaticPipelining?: boolean | undefined;
  /** How the server is asked to write its strings: `"base64"`, when left out, keeps all bytes; `"none"` is for servers that know nothing else. */
  readonly responseEncoding?: "base64" | "none" | undefined;
  /**
   * The function to send HTTP requests with: the global `fetch` when left out. How connections are kept open, reused and
   * routed through proxies is its affair: in Node, `fetch` of `undici` takes a `dispatcher` for that.
   */
  readonly fetch?: Fetch | undefined;
  /**
   * What HTTP requests say about caches: `"no-store"` when left out, so that no framework answers them from a cache of its own;
   * `"default"` says nothing. A Worker whose compatibility date is before that of this feature says nothing.
   */
  readonly cache?: CacheMode | undefined;
  /** In a Worker: its `env`, among whose bindings `cloudflare-kv:NAME` and `durable-object:NAME` are looked up. */
  readonly env?: object | undefined;
  /**
   * `"allow"` lets Cloudflare KV do by reading and then writing what it cannot do in one step: of two callers who change a
   * key at once, one may be lost. `unsupported` when left out.
   */
  readonly nonatomic?: "allow" | undefined;
  /** Over how many Durable Objects the keys are spread, by their hash slots: 1 when left out. It cannot be changed later. */
  readonly shards?: number | undefined;
  /** Gives the store up once it is aborted: what is under way and what is asked later answers `cancelled`. */
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

/** What was given of them, unchecked. */
export type GivenNetwork = Partial<Readonly<Record<(typeof NETWORK)[number], unknown>>>;

/** What was said about a store and the way to it, checked. */
export interface Way extends Lent {
  readonly told: NetOptions;
}

/** Checks what was said about the way. */
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

/** How TLS is spoken, as texts; nothing where the URL decides. */
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

const SHARED: Shared = { Requests, failHere, failed, thrown };

/** Opens a store that is elsewhere. */
export async function openRemote(op: string, url: string, way: Way): Promise<Connection> {
  for (const name of ["maxBytes", "maxKeys", "eviction"] as const) {
    if (way.told[name] === undefined) continue;
    throw failed(op, "unsupported", `(${name}) is for stores in memory: a server has limits of its own`);
  }
  const net = await import("../net/net.js");
  const connection = await net.open(SHARED, op, url, way.told, way);
  throwIfAborted(op, way.signal);
  return connection;
}

/** @internal A gateway before a store; what it is told has been checked. */
export async function gateBefore(op: string, store: unknown, told: object): Promise<unknown> {
  const given = (store as { core?: Connection } | null)?.core;
  if (given === undefined) throw invalidArgument(op, "(store) expects a store or a URL");
  const core = given instanceof Later ? await given.ready(op) : given;
  const net = await import("../net/net.js");
  return net.gate(SHARED, op, core, told);
}
