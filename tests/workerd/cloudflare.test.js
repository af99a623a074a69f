// Every conformance case in workerd, over what is Cloudflare's own: KV and Durable Objects.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Unsupported } from "../js/unsupported.js";
import { bundle, remove, start } from "./start.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

describe("conformance in workerd, over", () => {
  let root;
  let server;

  before(async () => {
    root = await bundle("cloudflare-worker.js");
    server = await start(root, {
      kvNamespaces: ["KV"],
      durableObjects: { OBJECTS: { className: "CaseObject", useSQLite: true } },
    });
  });

  after(async () => {
    await server?.close();
    remove(root);
  });

  for (const store of ["cloudflare-kv", "cloudflare-kv that may race", "durable-object"]) {
    const unsupported = new Unsupported(table, store);
    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        const body = JSON.stringify({ store, cases });
        const response = await fetch(server.url, { method: "POST", body });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        const failed = [];
        for (const { name, code, message, step } of JSON.parse(text)) {
          const testCase = cases.find((each) => each.name === name);
          const error = Object.assign(new Error(`${name}: ${message}`), { code, step });
          try {
            unsupported.judge(testCase, error);
          } catch {
            failed.push(error.message);
          }
        }
        assert.deepEqual(failed, []);
      });
    }
    it(`${store}: supports what the table does not list`, () => assert.deepEqual(unsupported.idle(), []));
  }
});
