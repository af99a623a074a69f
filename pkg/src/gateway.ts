// A gateway before a store, for hosts that speak of HTTP as fetch does: a `Request` in, a `Response` out. It must not know
// what is asked, and must not listen: that is the host's.

import { answer } from "./answer.js";
import { settings, text, typeName } from "./arguments.js";
import { type ConnectOptions, chosenWay } from "./connect.js";
import { invalidArgument } from "./errors.js";
import { type NetworkOptions, openGate } from "./remote.js";

/** Who may come in, and with how much. */
export interface GatewayOptions {
  /** Bearer tokens that allow everything; they never appear in an error. */
  readonly tokens?: readonly string[] | undefined;
  /** Bearer tokens that allow what changes nothing. */
  readonly readOnlyTokens?: readonly string[] | undefined;
  /** Lets everybody in, without a token. */
  readonly open?: boolean | undefined;
  /** Pages of these origins (`https://example.com`; `*`: all) may send requests: none when left out. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The largest request, in bytes: 10 MiB when left out. */
  readonly maxRequestBytes?: number | undefined;
  /** How the store behind it is opened, as `connect` takes it. */
  readonly store?: (Omit<ConnectOptions, "serializer"> & NetworkOptions) | undefined;
}

/** A gateway. */
export interface Gateway {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** Closes the store behind it. */
  close(): Promise<void>;
}

/** What answers requests in the wasm. */
export interface Gate {
  readonly maxRequestBytes: number;
  handle(
    method: string,
    path: string,
    query: string,
    headers: string[],
    body: Uint8Array,
  ): Promise<{ status: number; headers: string[]; body: Uint8Array<ArrayBuffer> }>;
  close(): Promise<void>;
}

/**
 * Opens a gateway before a store: Upstash's REST protocol for other people's clients, such as `@upstash/redis`.
 *
 * Errors: those of `connect`; `invalid-argument` without tokens, unless it is to be `open`.
 *
 * @example
 * const gateway = await createGateway("memory:", { tokens: [process.env.TOKEN] });
 * export default { fetch: (request) => gateway.fetch(request) };
 */
export async function createGateway(url: string, options: GatewayOptions): Promise<Gateway> {
  const op = "createGateway";
  const known = ["tokens", "readOnlyTokens", "open", "allowedOrigins", "maxRequestBytes", "store"] as const;
  const { store, ...given } = settings<GatewayOptions>(op, options, known);
  for (const name of ["tokens", "readOnlyTokens", "allowedOrigins"] as const) texts(op, name, given[name]);
  const gate = await openGate(op, text(op, "url", url), chosenWay(op, store), given);
  return {
    fetch: (request) => answer(gate, request),
    close: () => gate.close(),
  };
}

function texts(op: string, name: string, given: unknown): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) throw invalidArgument(op, `(${name}) expects an array, got ${typeName(given)}`);
  for (const each of given) text(op, name, each);
}
