// Opening a remote store: the network options, and the module with remote backends, loaded on first use. Which URLs can
// be opened is not known here.

import { callable, checker, integer, size, text, word, yes } from "../values/arguments.js";
import type { Connection } from "../wire/connection.js";
import type { CoreOptions } from "../memory/core.js";
import { failed, invalidArgument, thrown } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Lent, NetOptions, Shared } from "../net/net.js";
import type { Fetch } from "../net/net-host.js";
import { Requests } from "../wire/requests.js";
import { signalOf, throwIfAborted } from "../base/signals.js";

/** How to reach a remote store. Memory stores accept and ignore these options. */
export interface NetworkOptions {
  /** The credential for the server, if it is not in the URL. It never appears in an error. */
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
  /** In a Worker: its `env`, which contains the bindings for `cloudflare-kv:NAME` and `durable-object:NAME`. */
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

/** The given options, unchecked. */
export type GivenNetwork = Partial<Readonly<Record<(typeof NETWORK)[number], unknown>>>;

/** The checked options of a store and its network. */
export interface Way extends Lent {
  readonly told: NetOptions;
  readonly isPlain: boolean;
}

/** Checks the network options. */
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

/** Opens a remote store. */
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

/**
 * @internal Creates a gateway over a store. The options have been checked.
 */
export async function gateBefore(op: string, store: unknown, told: object): Promise<unknown> {
  const core = (store as { core?: Connection } | null)?.core;
  if (core === undefined) throw invalidArgument(op, "(store) expects a store or a URL");
  const net = await import("../net/net.js");
  return net.gate(SHARED, op, core, told);
}

/** The URL, with the encoding of responses. */
function place(url: string, { isPlain }: Way): string {
  return isPlain ? `${url}${url.includes("?") ? "&" : "?"}encoding=none` : url;
}
