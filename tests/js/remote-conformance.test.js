// Every conformance case on remote stores, in Node: over Upstash's REST protocol, through our gateway to a memory store
// and to a real redis-server, and through another project's gateway to one; over TCP to a real redis-server and a real memcached,
// and over HTTP to a real rqlite node.

import { after, before, describe } from "node:test";
import { connect } from "omnikv";
import { runCase } from "./case.js";
import { gatewayOverMemory } from "./gateway.js";
import { memcachedServer } from "./memcached-server.js";
import { gatewayOverRedis, redisServer } from "./redis-server.js";
import { rqliteServer } from "./rqlite-server.js";
import { suite } from "./suite.js";
import { thinProxy } from "./thin-proxy.js";
import { runAll } from "./world.js";

for (const [backend, start] of [
  ["gateway over memory", gatewayOverMemory],
  ["gateway over redis", gatewayOverRedis],
  ["thin proxy", thinProxy],
  ["redis", redisServer],
  ["memcached", memcachedServer],
  ["rqlite", rqliteServer],
]) {
  describe(backend, () => {
    let server;
    before(async () => {
      server = await start();
    });
    after(() => server?.close());

    suite({ host: "Node", backend, oneByOne: true, run: (cases) => runAll(cases, runCase, connect, server) });
  });
}
