// Node's HTTP server in front of a gateway. It must not know the protocol, nor print.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Gateway } from "../gateway.js";

/** How long those who are slow are waited for at the end. */
const GRACE_MS = 10_000;

/** Longer than clients keep a connection that they do not use, so that none is closed just when it is used again. */
const IDLE_MS = 65_000;

/** Something that listens. */
export interface Listening {
  /** Where. */
  readonly url: string;
  /** Takes nothing new, and is done when everything is answered. */
  readonly stop: () => Promise<void>;
}

/** Listens, from when the promise is kept. */
export async function listen(gateway: Gateway, port: number, host: string): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    answer(gateway, incoming, outgoing, () => server.listening).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, port)));
    server.listen(port, host, resolve);
  });
  const place = server.address();
  const bound = typeof place === "object" && place !== null ? place.port : port;
  // Those who listen everywhere are found here too.
  const name =
    host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  const stop = async () => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
  };
  return { url: `http://${name}:${bound}`, stop };
}

function cannotListen(error: NodeJS.ErrnoException, port: number): Error {
  const why =
    error.code === "EADDRINUSE"
      ? `port ${port} is taken: --port chooses another, and 0 any that is free`
      : `cannot listen there: ${error.code ?? error.name}`;
  return Object.assign(new Error(why), { isTold: true });
}

async function answer(
  gateway: Gateway,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isListening: () => boolean,
): Promise<void> {
  const request = requestOf(incoming);
  const response = request === undefined ? new Response(null, { status: 400 }) : await gateway(request);
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  if (response.status !== 204) outgoing.setHeader("content-length", body.length);
  // What is left of a body that was too large would be taken for the next request; and at the end there is none.
  if (!incoming.complete || !isListening()) outgoing.setHeader("connection", "close");
  outgoing.end(incoming.method === "HEAD" ? undefined : body);
}

/** The request as the web has it; nothing where it cannot be. */
function requestOf(incoming: IncomingMessage): Request | undefined {
  const { method = "GET", url = "/" } = incoming;
  const headers: [string, string][] = [];
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.push([incoming.rawHeaders[index] as string, incoming.rawHeaders[index + 1] as string]);
  }
  const isBare = method === "GET" || method === "HEAD";
  try {
    return new Request(`http://localhost${url}`, {
      method,
      headers,
      ...(isBare ? {} : { body: Readable.toWeb(incoming) as ReadableStream & BodyInit, duplex: "half" }),
    } as RequestInit);
  } catch {
    return undefined;
  }
}
