// Every conformance case on stores elsewhere, in Node: over Upstash's REST protocol, through our gateway before a store in
// memory and before a real redis-server; and over TCP on a real redis-server.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { runCase } from "./case.js";
import { gatewayOverMemory } from "./gateway.js";
import { gatewayOverRedis, redisServer } from "./redis-server.js";
import { Unsupported } from "./unsupported.js";
import { remoteWorld } from "./world.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

for (const [backend, start] of [
  ["gateway over memory", gatewayOverMemory],
  ["gateway over redis", gatewayOverRedis],
  ["redis", redisServer],
]) {
  describe(backend, () => {
    const unsupported = new Unsupported(table, backend);
    let server;
    before(async () => {
      server = await start();
    });
    after(() => server?.close());

    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      describe(subject, () => {
        for (const testCase of cases) {
          it(testCase.name, async () => {
            const world = await remoteWorld(server);
            const open = world.opener(connect);
            await runCase(testCase, open, world).catch((error) => unsupported.judge(testCase, error));
          });
        }
      });
    }

    it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
  });
}
