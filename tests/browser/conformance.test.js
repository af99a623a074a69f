// Every conformance case, on both stores, in Chromium.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { gatewayOverMemory } from "../js/gateway.js";
import { gatewayOverRedis } from "../js/redis-server.js";
import { Unsupported } from "../js/unsupported.js";
import { launch, open } from "./chromium.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

describe("conformance in Chromium", () => {
  let browser;
  let page;

  before(async () => {
    browser = await launch();
    page = await open(browser, new URL("page.js", import.meta.url));
  });

  after(() => browser?.close());

  for (const store of ["Store", "MemoryStore"]) {
    for (const file of files) {
      // As text: what carries arguments into the page loses fields named `__proto__`.
      const text = readFileSync(new URL(file, folder), "utf8");
      const { subject, cases } = JSON.parse(text);
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        const failures = await page.evaluate((given) => globalThis.runCases(...given), [store, text]);
        assert.deepEqual(failures, []);
      });
    }
  }

  for (const [backend, start] of [
    ["gateway over memory", gatewayOverMemory],
    ["gateway over redis", gatewayOverRedis],
  ]) {
    describe(`over Upstash's REST protocol, ${backend}`, () => {
      const unsupported = new Unsupported(table, backend);
      let server;

      before(async () => {
        server = await start();
      });
      after(() => server?.close());

      for (const file of files) {
        const text = readFileSync(new URL(file, folder), "utf8");
        const { subject, cases } = JSON.parse(text);
        it(`${subject} (${cases.length} cases)`, async () => {
          const { url, control } = server;
          const given = ["Store", text, { url, control }];
          const failures = await page.evaluate((given) => globalThis.runCases(...given), given);
          assert.deepEqual(unsupported.sift(cases, failures), []);
        });
      }

      it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
    });
  }
});
