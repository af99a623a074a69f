// Every conformance case on the component, in Node, through jco.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { runCase } from "../js/case.js";
import { open } from "./store.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
assert(files.length > 0, "there are no conformance cases");

/** What jco itself does otherwise, and why. Such a case must fail: if it passes, take it out of here. */
const OTHERWISE = new Map([
  ["a byte order mark is part of the value", "jco decodes strings without ignoreBOM and loses it"],
]);

for (const file of files) {
  const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  describe(`jco: ${subject}`, () => {
    for (const testCase of cases) {
      const why = OTHERWISE.get(testCase.name);
      if (why) it(`${testCase.name} (not here: ${why})`, () => assert.rejects(runCase(testCase, open)));
      else it(testCase.name, () => runCase(testCase, open));
    }
  });
}
