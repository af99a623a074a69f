// Proxies that produce given faults: HTTP in front of a gateway, and bytes in front of a redis-server. What is sent
// through them does not matter here.

import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { connect, createServer as createTcp } from "node:net";

/** The faults: whether the request is run, and whether the client can know that it was not. */
export const FAULTS = {
  "cut before": { isDone: false },
  "cut after": { isDone: true },
  truncated: { isDone: true },
  late: { isDone: false, isLate: true },
  "late after": { isDone: true, isLate: true },
  garbage: { isDone: false },
  "garbage after": { isDone: true },
};

/** Faults that only HTTP has. */
export const HTTP_FAULTS = {
  ...FAULTS,
  429: { isDone: false, isHarmless: true },
  "429 for an hour": { isDone: false, isHarmless: true },
  500: { isDone: false },
  "500 after": { isDone: true },
  html: { isDone: false, isHarmless: true },
};

/** Planned faults: the next requests meet these in order, later ones none. */
class Told {
  #faults = [];

  meet(...faults) {
    this.#faults = faults;
  }

  next() {
    return this.#faults.shift();
  }
}

/** In front of a gateway, which is a function. */
export async function httpProxy(gateway) {
  const told = new Told();
  const server = createHttp(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const { method, url, headers } = incoming;
    const fault = told.next();
    const isDone = fault === undefined || HTTP_FAULTS[fault].isDone;
    const request = new Request(`http://localhost${url}`, { method, headers, body: Buffer.concat(parts) });
    const response = isDone ? await gateway(request) : undefined;
    const body = Buffer.from((await response?.arrayBuffer()) ?? []);
    const say = (status, text, headers = {}) => outgoing.writeHead(status, headers).end(text);
    switch (fault) {
      case undefined:
        return say(response.status, body, Object.fromEntries(response.headers));
      case "cut before":
      case "cut after":
        return incoming.socket.destroy();
      case "truncated":
        outgoing.writeHead(200, { "content-length": body.length });
        outgoing.write(body.subarray(0, -1), () => incoming.socket.destroy());
        return undefined;
      case "late":
      case "late after":
        // Never answer.
        return undefined;
      case "garbage":
      case "garbage after":
        return say(200, "garb\u0000age");
      case "429":
        return say(429, '{"error":"ERR slow down"}', { "retry-after": "0" });
      case "429 for an hour":
        return say(429, '{"error":"ERR slow down"}', { "retry-after": "3600" });
      case "500":
      case "500 after":
        return say(500, '{"error":"ERR broken"}');
      case "html":
        return say(400, "<html>not here</html>");
      default:
        throw new Error(`there is no fault ${fault}`);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    authority: `127.0.0.1:${server.address().port}`,
    meet: (...faults) => told.meet(...faults),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** In front of a server on a loopback port. A fault applies to what a client sends at once and to its answer. */
export async function tcpProxy(port) {
  const told = new Told();
  const open = new Set();
  const server = createTcp((client) => {
    const behind = connect(port);
    let answering;
    const end = () => {
      client.destroy();
      behind.destroy();
    };
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        open.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => {
      const fault = told.next();
      if (fault === undefined || FAULTS[fault].isDone) {
        answering = fault;
        behind.write(bytes);
      } else if (fault === "cut before") end();
      else if (fault === "garbage") client.write("garb\u0000age\r\n");
      else if (fault !== "late") throw new Error(`there is no fault ${fault}`);
    });
    behind.on("data", (bytes) => {
      if (answering === undefined) client.write(bytes);
      else if (answering === "cut after") end();
      else if (answering === "truncated") client.write(bytes.subarray(0, -1), end);
      else if (answering === "garbage after") client.write("garb\u0000age\r\n");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    authority: `127.0.0.1:${server.address().port}`,
    meet: (...faults) => told.meet(...faults),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
