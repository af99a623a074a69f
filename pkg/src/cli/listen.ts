// Node's HTTP server for a gateway. No knowledge of the protocol, and no output.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Gate } from "../net/answer.js";

/** How long a stopping server waits for slow clients. */
const GRACE_MS = 10_000;

/** Longer than clients keep an unused connection, so that the server does not close it just as a client reuses it. */
const IDLE_MS = 65_000;

/** A running server. */
export interface Listening {
  /** Its URL. */
  readonly url: string;
  /** Stops accepting requests; resolves when all are answered. */
  readonly stop: () => Promise<void>;
}

/** Starts a server; resolves when it listens. */
export async function listen(gate: Gate, port: number, host: string): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    answer(gate, incoming, outgoing, () => server.listening).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, port)));
    server.listen(port, host, resolve);
  });
  const place = server.address();
  const bound = typeof place === "object" && place !== null ? place.port : port;
  // A server on all interfaces can be reached here too.
  const name =
    host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  const stop = async () => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
  };
  return { url: `http://${name}:${bound}`, stop };
}

/** The error of a server that cannot listen, with advice. */
export function cannotListen(error: NodeJS.ErrnoException, port: number): Error {
  const why =
    error.code === "EADDRINUSE"
      ? `port ${port} is taken: --port chooses another, and 0 any that is free`
      : `cannot listen there: ${error.code ?? error.name}`;
  return Object.assign(new Error(why), { isTold: true });
}

async function answer(
  gate: Gate,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isListening: () => boolean,
): Promise<void> {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  // Proxies receive whole URLs.
  const target = url.startsWith("/") ? url : url.replace(/^\w+:\/\/[^/?]*/, "");
  const mark = target.indexOf("?");
  const [path, query] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
  const body = await upTo(gate.maxRequestBytes + 1, incoming);
  const response = await gate.handle(method, path, query, rawHeaders, body);
  const headers = [...response.headers];
  if (response.status !== 204) headers.push("content-length", String(response.body.length));
  // The rest of a body that was too large would be read as the next request; a stopping server accepts no more
  // requests.
  if (!incoming.complete || !isListening()) headers.push("connection", "close");
  outgoing.writeHead(response.status, headers);
  outgoing.end(response.body);
}

/** The body, or enough of it to see that it is too large. */
function upTo(most: number, incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const done = () => resolve(Buffer.concat(pieces));
    incoming.on("data", (piece: Uint8Array) => {
      pieces.push(piece);
      length += piece.length;
      if (length < most) return;
      incoming.pause();
      done();
    });
    incoming.once("end", done);
    incoming.once("error", reject);
  });
}

/** Waits for a signal, then for running requests; a second signal does not wait. */
export async function stopped(stop: () => Promise<void>): Promise<void> {
  const signals = ["SIGINT", "SIGTERM"] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) process.once(signal, () => process.exit(1));
  await stop();
  for (const signal of signals) process.removeAllListeners(signal);
}
