// Every conformance case in workerd, which refuses to compile wasm from bytes: on both memory stores, over Upstash's
// REST protocol and over sockets.

import { after, before, describe } from "node:test";
import { gatewayOverMemory } from "../js/gateway.js";
import { memcachedServer } from "../js/memcached-server.js";
import { gatewayOverRedis, redisServer } from "../js/redis-server.js";
import { suite } from "../js/suite.js";
import { ask, bundle, remove, start } from "./start.js";

describe("conformance in workerd", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("worker.js");
    worker = await start(root);
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  for (const [backend, store] of [
    ["memory", "Store"],
    ["memory, synchronous", "MemoryStore"],
  ]) {
    suite({ host: "workerd", backend, run: (cases) => ask(worker, { store, cases }) });
  }

  for (const [backend, open] of [
    ["gateway over memory", gatewayOverMemory],
    ["gateway over redis", gatewayOverRedis],
    ["redis", redisServer],
    ["memcached", memcachedServer],
  ]) {
    describe(backend, () => {
      let server;
      before(async () => {
        server = await open();
      });
      after(() => server?.close());

      const place = () => ({ url: server.url, control: server.control });
      const run = (cases) => ask(worker, { store: "Store", cases, server: place() });
      suite({ host: "workerd", backend, run });
    });
  }
});
