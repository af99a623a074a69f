// Every conformance case, on both stores, in workerd, which refuses to compile wasm from bytes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { gatewayOverMemory } from "../js/gateway.js";
import { gatewayOverRedis, redisServer } from "../js/redis-server.js";
import { Unsupported } from "../js/unsupported.js";
import { bundle, remove, start } from "./start.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

describe("conformance in workerd", () => {
  let root;
  let server;

  before(async () => {
    root = await bundle("worker.js");
    server = await start(root);
  });

  after(async () => {
    await server?.close();
    remove(root);
  });

  /** Has the Worker run cases and gives what failed. */
  const run = (store, cases, server) => ask({ store, cases, server });

  async function ask(what) {
    const body = JSON.stringify(what);
    const response = await fetch(server.url, { method: "POST", body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  for (const store of ["Store", "MemoryStore"]) {
    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        assert.deepEqual(await run(store, cases), []);
      });
    }
  }

  for (const [backend, open] of [
    ["gateway over memory", gatewayOverMemory],
    ["gateway over redis", gatewayOverRedis],
    ["redis", redisServer],
  ]) {
    describe(backend, () => {
      const unsupported = new Unsupported(table, backend);
      let server;

      before(async () => {
        server = await open();
      });
      after(() => server?.close());

      for (const file of files) {
        const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
        it(`${backend}: ${subject} (${cases.length} cases)`, async () => {
          const { url, control } = server;
          const failures = await run("Store", cases, { url, control });
          assert.deepEqual(unsupported.sift(cases, failures), []);
        });
      }

      it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
    });
  }

  for (const [kind, open] of [
    ["redis://", redisServer],
    ["upstash://", gatewayOverMemory],
  ]) {
    it(`${kind}: gives each of two requests at once a connection of its own`, async () => {
      const server = await open();
      try {
        const both = ["a", "b"].map((key) => ask({ url: server.url, key, times: 200 }));
        assert.deepEqual(await Promise.all(both), [200, 200]);
        const kv = await connect(server.url);
        assert.equal(await kv.get("both"), "400");
        await kv.close();
      } finally {
        await server.close();
      }
    });
  }
});
