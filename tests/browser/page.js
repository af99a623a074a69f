// Runs in the page: the given conformance cases, on both stores.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

/** Runs cases, given as JSON, on a server if there is one, and returns the failures. */
globalThis.runCases = (store, cases, server) => {
  const open = store === "Store" ? connect : MemoryStore.connect;
  return runAll(JSON.parse(cases), runCase, open, server);
};

globalThis.isReady = true;
