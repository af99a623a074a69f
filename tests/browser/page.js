// What runs in the page: the conformance cases that it is given, on both stores.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

/** Runs the cases of one file, on a server when there is one, and gives what failed. */
globalThis.runCases = (store, file, server) => {
  const open = store === "Store" ? connect : MemoryStore.connect;
  return runAll(JSON.parse(file).cases, runCase, open, server);
};

globalThis.isReady = true;
