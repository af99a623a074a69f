// Every conformance case over Upstash's REST protocol, in Node: through our gateway before a store in memory.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { runCase } from "./case.js";
import { gatewayOverMemory } from "./gateway.js";
import { Unsupported } from "./unsupported.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

for (const [backend, start] of [["gateway over memory", gatewayOverMemory]]) {
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
            await server.clear();
            const { url, now, advance } = server;
            await runCase(testCase, connect, { url, now, advance, isServer: true }).catch((error) =>
              unsupported.judge(testCase, error),
            );
          });
        }
      });
    }

    it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
  });
}
