// Upstash's REST protocol before a store (`omnikv/gateway`), as a function of a web-standard request. It must not know the protocol,
// which is the wasm's, nor listen: that is for whoever calls it.

import { answer, type Gate } from "./net/answer.js";
import {
  type ConnectOptions,
  connect,
  gateBefore,
  KvError,
  type MemoryStore,
  type NetworkOptions,
  type Store,
} from "./index.js";

/** Who may come in, and with how much. */
export interface GatewayOptions {
  /** By which a client may do everything. */
  readonly token?: string | undefined;
  /** More such tokens. */
  readonly tokens?: readonly string[] | undefined;
  /** By which a client may do what changes nothing. */
  readonly readOnlyTokens?: readonly string[] | undefined;
  /** Whether everybody may come in without a token, and do everything. Then there must be none. */
  readonly open?: boolean | undefined;
  /**
   * Whose pages may send requests: `"https://example.com"`; `"*"`: all. No page's when left out; requests that come from a page
   * of another origin are refused.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The largest request, in bytes of its body: 10 MiB when left out. */
  readonly maxRequestBytes?: number | undefined;
  /** The most commands of a pipeline or transaction: 100,000 when left out. */
  readonly maxCommands?: number | undefined;
  /** How the store is opened, where a URL is given: as `connect` takes it. */
  readonly store?: (ConnectOptions & NetworkOptions) | undefined;
}

/** Answers a request: the `fetch` of a Worker, of a Durable Object, of `Deno.serve` and of `Bun.serve`. */
export type Gateway = (request: Request) => Promise<Response>;

/** Any store: whatever it serializes, clients of the gateway see its text. */
type AnyStore = Pick<Store, "close" | "stats"> | Pick<MemoryStore, "close" | "stats">;

/**
 * A server of Upstash's REST protocol, as a function: `@upstash/redis` and our own `upstash://` work with it. Its prefix and default TTL
 * are those of the store, which the clients cannot leave. Given a URL, the store is opened at the first request; given a store, closing
 * that closes it to them too.
 *
 * Errors: throws `invalid-argument` in place for options out of their domain, or when nobody could come in; what a request asks
 * wrongly is answered, and nothing is thrown.
 *
 * @example
 * import { createGateway } from "omnikv/gateway";
 * export default {
 *   fetch: (request, env) => createGateway("memory:shared", { token: env.TOKEN })(request),
 * };
 */
export function createGateway(store: AnyStore | string, options: GatewayOptions): Gateway {
  const told = checked(options);
  let gate: Promise<Gate> | undefined;
  const opened = async () =>
    gateBefore(
      "createGateway",
      typeof store === "string" ? await connect(store, options.store) : store,
      told,
    );
  return async (request) => {
    try {
      gate ??= opened() as Promise<Gate>;
      return await answer(await gate, request);
    } catch (error) {
      // Another request may meet a store that can be opened.
      gate = undefined;
      return failure(error);
    }
  };
}

/** @internal The same for servers that have a request in parts, and no web-standard one. */
export function openGate(store: AnyStore, options: GatewayOptions): Promise<Gate> {
  return gateBefore("createGateway", store, checked(options)) as Promise<Gate>;
}

/** The store is not there, or the request has ended before its time. */
function failure(error: unknown): Response {
  const text =
    error instanceof KvError ? error.message : "the request cannot be read, or the store cannot be asked";
  return Response.json({ error: `ERR ${text}` }, { status: 503, headers: { "cache-control": "no-store" } });
}

const KNOWN = [
  "token",
  "tokens",
  "readOnlyTokens",
  "open",
  "allowedOrigins",
  "maxRequestBytes",
  "maxCommands",
  "store",
];

/** What the wasm is told. No value of an option is shown: it may be a secret. */
function checked(options: GatewayOptions): object {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw refused(`(options) has no option ${unknown}`);
  const { token, tokens = [], readOnlyTokens = [], open, allowedOrigins = [] } = options;
  for (const [name, texts] of Object.entries({ tokens, readOnlyTokens, allowedOrigins })) {
    const isText = (text: unknown) => typeof text === "string" && text !== "";
    if (!Array.isArray(texts) || !texts.every(isText))
      throw refused(`(${name}) expects an array of texts that are not empty`);
  }
  const limits = { maxRequestBytes: options.maxRequestBytes, maxCommands: options.maxCommands };
  for (const [name, limit] of Object.entries(limits)) {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0))
      throw refused(`(${name}) expects a positive integer`);
  }
  if (token !== undefined && (typeof token !== "string" || token === ""))
    throw refused("(token) expects a text that is not empty");
  const all = token === undefined ? tokens : [token, ...tokens];
  if ((all.length + readOnlyTokens.length === 0) !== (open === true))
    throw refused("(token) expects one, or else `open: true`, and not both");
  return { tokens: all, readOnlyTokens, allowedOrigins, open: open === true, ...limits };
}

const refused = (message: string) =>
  new KvError("invalid-argument", `createGateway ${message}`, { op: "createGateway" });
