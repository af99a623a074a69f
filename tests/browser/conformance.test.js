// Every conformance case in Chromium: on both memory stores, over Upstash's REST protocol, and over rqlite.

import { after, before, describe } from "node:test";
import { gatewayOverMemory } from "../js/gateway.js";
import { gatewayOverRedis } from "../js/redis-server.js";
import { rqliteServer } from "../js/rqlite-server.js";
import { suite } from "../js/suite.js";
import { launch, open } from "./chromium.js";

describe("conformance in Chromium", () => {
  let browser;
  let page;

  before(async () => {
    browser = await launch();
    page = await open(browser, new URL("page.js", import.meta.url));
  });

  after(() => browser?.close());

  // As text: passing objects into the page loses fields named `__proto__`.
  const run = (store, cases, server) =>
    page.evaluate((given) => globalThis.runCases(...given), [store, JSON.stringify(cases), server]);

  for (const [backend, store] of [
    ["memory", "Store"],
    ["memory, synchronous", "MemoryStore"],
  ]) {
    suite({ host: "Chromium", backend, run: (cases) => run(store, cases) });
  }

  for (const [backend, start] of [
    ["gateway over memory", gatewayOverMemory],
    ["gateway over redis", gatewayOverRedis],
    ["rqlite", rqliteServer],
  ]) {
    describe(backend, () => {
      let server;
      before(async () => {
        server = await start();
      });
      after(() => server?.close());

      const place = () => ({ url: server.url, control: server.control });
      suite({ host: "Chromium", backend, run: (cases) => run("Store", cases, place()) });
    });
  }
});
