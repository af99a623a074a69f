// The tests for both hosts, in Chromium.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { subjects } from "../both/index.js";
import { launch, open } from "./chromium.js";

describe("in Chromium", () => {
  let browser;
  let page;

  before(async () => {
    browser = await launch();
    page = await open(browser, new URL("both-page.js", import.meta.url));
  });

  after(() => browser?.close());

  for (const [subject, tests] of Object.entries(subjects)) {
    for (const name of Object.keys(tests)) {
      it(`${subject}: ${name}`, async () => {
        const failure = await page.evaluate((given) => globalThis.runTest(...given), [subject, name]);
        assert.equal(failure, undefined);
      });
    }
  }
});
