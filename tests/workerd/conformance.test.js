// Every conformance case in workerd, which refuses to compile wasm from bytes: on both stores in memory, over Cloudflare KV and
// over Durable Objects.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { gatewayOverMemory } from "../js/gateway.js";
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
    server = await start(root, {
      kvNamespaces: ["KV"],
      durableObjects: { OBJECTS: { className: "CaseObject", useSQLite: true } },
    });
  });

  after(async () => {
    await server?.close();
    remove(root);
  });

  for (const store of [
    "Store",
    "MemoryStore",
    "cloudflare-kv",
    "cloudflare-kv that may race",
    "durable-object",
  ]) {
    const unsupported = new Unsupported({ Store: {}, MemoryStore: {}, ...table }, store);
    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        const body = JSON.stringify({ store, cases });
        const response = await fetch(server.url, { method: "POST", body });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        assert.deepEqual(unsupported.sift(cases, JSON.parse(text)), []);
      });
    }
    it(`${store}: supports what the table does not list`, () => assert.deepEqual(unsupported.idle(), []));
  }

  describe("over Upstash's REST protocol", () => {
    const backend = "gateway over memory";
    const unsupported = new Unsupported(table, backend);
    let gateway;

    before(async () => {
      gateway = await gatewayOverMemory();
    });
    after(() => gateway?.close());

    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${backend}: ${subject} (${cases.length} cases)`, async () => {
        const { url, control } = gateway;
        const body = JSON.stringify({ store: "Store", cases, server: { url, control } });
        const response = await fetch(server.url, { method: "POST", body });
        const failures = await response.json();
        assert.deepEqual(unsupported.sift(cases, failures), []);
      });
    }

    it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
  });
});
