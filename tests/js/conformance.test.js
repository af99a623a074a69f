// Every conformance case, on the asynchronous and on the synchronous store, in Node.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { connect, MemoryStore } from "omnikv";
import { runCase } from "./case.js";

const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
assert(files.length > 0, "there are no conformance cases");

for (const [store, open] of [
  ["Store", connect],
  ["MemoryStore", MemoryStore.connect],
]) {
  for (const file of files) {
    const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    describe(`${store}: ${subject}`, () => {
      for (const testCase of cases) it(testCase.name, () => runCase(testCase, open));
    });
  }
}
