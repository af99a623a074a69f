// What runs in the page: the conformance cases that it is given, on both stores.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

/** Runs cases, which come as JSON, on a server when there is one, and gives what failed. */
globalThis.runCases = (store, cases, server) => {
  const open = store === "Store" ? connect : MemoryStore.connect;
  return runAll(JSON.parse(cases), runCase, open, server);
};

globalThis.isReady = true;
