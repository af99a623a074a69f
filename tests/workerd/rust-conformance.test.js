// Every conformance case through the Worker in Rust (pkg/worker), from our own client over HTTP: before a store in memory, and
// before one in a Durable Object.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { runCase } from "../js/case.js";
import { Unsupported } from "../js/unsupported.js";
import { remoteWorld } from "../js/world.js";
import { remove, rustWorker, start } from "./start.js";

const TOKEN = "the-token";
const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

for (const [backend, url] of [
  ["Worker over memory", "memory:"],
  ["Worker over durable-object", "durable-object:STATE"],
]) {
  describe(backend, () => {
    const unsupported = new Unsupported(table, backend);
    let root;
    let server;
    let place;

    before(async () => {
      root = rustWorker("rust-worker-in-time.js");
      server = await start(root, {
        bindings: { OMNIKV_TOKEN: TOKEN, OMNIKV_URL: url },
        durableObjects: { STATE: { className: "OmnikvObject", useSQLite: true } },
      });
      const { host, origin } = new URL(server.url);
      place = { url: `upstash+http://:${TOKEN}@${host}`, control: `${origin}/-` };
    });
    after(async () => {
      await server?.close();
      remove(root);
    });

    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      describe(subject, () => {
        for (const testCase of cases) {
          it(testCase.name, async () => {
            const world = await remoteWorld(place);
            await runCase(testCase, connect, world).catch((error) => unsupported.judge(testCase, error));
          });
        }
      });
    }

    it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
  });
}
