// A Worker that runs the conformance cases it is sent, each on stores of its own, and says what failed.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

export default {
  async fetch(request) {
    const { store, cases, server } = await request.json();
    const open = store === "Store" ? connect : MemoryStore.connect;
    return Response.json(await runAll(cases, runCase, open, server));
  },
};
