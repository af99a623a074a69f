// Every conformance case, on the asynchronous and on the synchronous store, in Node.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "./case.js";
import { suite } from "./suite.js";
import { runAll } from "./world.js";

for (const [backend, open] of [
  ["memory", connect],
  ["memory, synchronous", MemoryStore.connect],
]) {
  suite({ host: "Node", backend, oneByOne: true, run: (cases) => runAll(cases, runCase, open) });
}
