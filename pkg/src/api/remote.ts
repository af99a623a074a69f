// Opening a store that is elsewhere: what may be said about the way there, and the module that knows the way, loaded when it is
// first needed. It must not know which URLs can be opened.

import { callable, checker, integer, size, text, word, yes } from "../values/arguments.js";
import type { Connection } from "../wire/connection.js";
import type { CoreOptions } from "../memory/core.js";
import { failed, invalidArgument, thrown } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Lent, NetOptions, Shared } from "../net/net.js";
import type { Fetch } from "../net/net-host.js";
import { Requests } from "../wire/requests.js";
import { signalOf, throwIfAborted } from "../base/signals.js";

/** How to reach a store that is elsewhere. A store in memory, which needs none of it, takes it all the same. */
export interface NetworkOptions {
  /** What the server is shown, where the URL does not hold it. It never appears in an error. */
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
  "token",
  "timeout",
  "retries",
  "automaticPipelining",
  "responseEncoding",
  "fetch",
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
  readonly isPlain: boolean;
}

/** Checks what was said about the way. */
export function way(op: string, given: GivenNetwork, store: CoreOptions, clock: Lent["clock"]): Way {
  const checked = checker(op, given);
  const told = {
    ...store,
    token: checked("token", text),
    timeoutMs: checked("timeout", positive),
    retries: checked("retries", size),
    automaticPipelining: checked("automaticPipelining", yes),
    nonatomic: checked("nonatomic", oneOf("allow")) === "allow",
    shards: checked("shards", (op, name, value) => Number(integer(op, name, value))),
  };
  return {
    told: told as NetOptions,
    clock,
    fetch: checked("fetch", callable<Fetch>),
    signal: signalOf(op, given.signal),
    isPlain: checked("responseEncoding", oneOf("base64", "none")) === "none",
  };
}

const oneOf =
  (...words: string[]) =>
  (op: string, name: string, value: unknown): string =>
    word(op, name, value, words);

function positive(op: string, name: string, value: unknown): number {
  const ms = milliseconds(op, name, value);
  if (ms <= 0) throw invalidArgument(op, `(${name}) expects a positive time`);
  return ms;
}

const SHARED: Shared = { Requests, failed, thrown };

/** Opens a store that is elsewhere. */
export async function openRemote(op: string, url: string, way: Way): Promise<Connection> {
  for (const name of ["maxBytes", "maxKeys", "eviction"] as const) {
    if (way.told[name] === undefined) continue;
    throw failed(op, "unsupported", `(${name}) is for stores in memory: a server has limits of its own`);
  }
  const net = await import("../net/net.js");
  const connection = await net.open(SHARED, op, place(url, way), way.told, way);
  throwIfAborted(op, way.signal);
  return connection;
}

/** @internal A gateway before a store; what it is told has been checked. */
export async function gateBefore(op: string, store: unknown, told: object): Promise<unknown> {
  const core = (store as { core?: Connection } | null)?.core;
  if (core === undefined) throw invalidArgument(op, "(store) expects a store or a URL");
  const net = await import("../net/net.js");
  return net.gate(SHARED, op, core, told);
}

/** The URL, which says how the server is asked to write. */
function place(url: string, { isPlain }: Way): string {
  return isPlain ? `${url}${url.includes("?") ? "&" : "?"}encoding=none` : url;
}
