// What runs in the page: the conformance cases that it is given, on both stores.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";

/** Runs the cases of one file and gives what failed. */
globalThis.runCases = async (store, file) => {
  const open = store === "Store" ? connect : MemoryStore.connect;
  const failures = [];
  for (const testCase of JSON.parse(file).cases) {
    await runCase(testCase, open).catch((error) => failures.push(`${testCase.name}: ${error.message}`));
  }
  return failures;
};

globalThis.isReady = true;
