// Servers that accept connections and never answer, called from Workers: an operation fails in time and closes its
// connection while its request continues. The servers count their connections.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { silentServer } from "../js/silent-server.js";
import { ask, bundle, remove, rustWorker, start } from "./start.js";

/** A test that takes longer hangs. */
const PATIENCE_MS = 60_000;

/** Not `rediss://`: once a TLS handshake has begun, workerd only closes the connection at the end of the request. */
const URLS = {
  "redis://": (at) => `redis://${at}`,
  "upstash+http://": (at) => `upstash+http://:t@${at}`,
};

/** A silent server, and a gate at which a Worker waits until the server has seen something. */
async function silent() {
  const server = await silentServer();
  const gate = createServer(async ({ url }, outgoing) => {
    await (url === "/reached" ? server.reached() : server.empty());
    outgoing.end();
  });
  await once(gate.listen(0, "127.0.0.1"), "listening");
  const close = async () => {
    gate.closeAllConnections();
    gate.close();
    await server.close();
  };
  return { ...server, gate: `http://127.0.0.1:${gate.address().port}`, close };
}

describe("a server that never answers a Worker", { timeout: PATIENCE_MS }, () => {
  let root, worker;
  before(async () => {
    root = await bundle("silent-worker.js");
    worker = await start(root);
  });
  after(async () => {
    await worker?.close();
    remove(root);
  });

  for (const [way, url] of Object.entries(URLS)) {
    it(`keeps no connection after a failure: ${way}`, async () => {
      const server = await silent();
      try {
        const { authority, gate } = server;
        const options = { timeout: "300ms" };
        const code = await ask(worker, { url: url(authority), options, gate });
        assert.match(code, /timeout|unavailable/);
      } finally {
        await server.close();
      }
    });

    it(`keeps no connection after a signal: ${way}`, async () => {
      const server = await silent();
      try {
        const { authority, gate } = server;
        const options = { timeout: "1h" };
        assert.equal(await ask(worker, { url: url(authority), options, gate, isGivenUp: true }), "cancelled");
      } finally {
        await server.close();
      }
    });
  }
});

describe("a server that never answers the Worker in Rust", { timeout: PATIENCE_MS }, () => {
  let root;
  before(() => {
    root = rustWorker("rust-worker-silent.js");
  });
  after(() => remove(root));

  for (const [way, url] of Object.entries(URLS)) {
    it(`keeps no connection after a failure: ${way}`, async () => {
      const server = await silent();
      const { authority, gate } = server;
      const bindings = { OMNIKV_TOKEN: "t", OMNIKV_URL: `${url(authority)}?timeout=0.3`, GATE: gate };
      const worker = await start(root, { bindings });
      try {
        const response = await fetch(`${worker.url}get/k`, { headers: { authorization: "Bearer t" } });
        assert.equal(response.status, 504, await response.text());
      } finally {
        await worker.close();
        await server.close();
      }
    });
  }
});
