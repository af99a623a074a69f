// Upstash's REST protocol over a store (`omnikv/gateway`), as a function of a web-standard request. The protocol is
// implemented in the wasm; listening is the caller's job.

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

/** Options of a gateway. */
export interface GatewayOptions {
  /** A token with full access. */
  readonly token?: string | undefined;
  /** More tokens with full access. */
  readonly tokens?: readonly string[] | undefined;
  /** Tokens for read-only access. */
  readonly readOnlyTokens?: readonly string[] | undefined;
  /** Whether requests need no token, with full access. Then there must be no tokens. */
  readonly open?: boolean | undefined;
  /**
   * Origins whose pages may send requests: `"https://example.com"`, or `"*"` for all. Default: none. Requests from
   * other pages are refused.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The largest request, in bytes of its body. Default: 10 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /** The most commands in a pipeline or transaction. Default: 100,000. */
  readonly maxCommands?: number | undefined;
  /** If a URL is given: the options of `connect` for the store. */
  readonly store?: (ConnectOptions & NetworkOptions) | undefined;
}

/** Answers a request: the `fetch` of a Worker, a Durable Object, `Deno.serve` or `Bun.serve`. */
export type Gateway = (request: Request) => Promise<Response>;

/** A store with any serializer: clients of the gateway see the stored text. */
type AnyStore = Pick<Store, "close" | "stats"> | Pick<MemoryStore, "close" | "stats">;

/**
 * Creates a server of Upstash's REST protocol, as a function: `@upstash/redis` and our own `upstash://` work with it.
 * The store's prefix and default TTL apply to all clients. If you pass a URL, the store is opened at the first request;
 * if you pass a store, closing it ends the gateway too.
 *
 * Errors: throws `invalid-argument` synchronously for options that are out of range, or if no request could be
 * accepted. A malformed request gets an error response; nothing is thrown.
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
      // The store may open for another request.
      gate = undefined;
      return failure(error);
    }
  };
}

/** @internal The same, for servers that have a request in parts instead of a web-standard one. */
export function openGate(store: AnyStore, options: GatewayOptions): Promise<Gate> {
  return gateBefore("createGateway", store, checked(options)) as Promise<Gate>;
}

/** The response if the store cannot be opened, or the request ended early. */
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

/** The options for the wasm. Errors quote no value of an option: it may be a secret. */
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
