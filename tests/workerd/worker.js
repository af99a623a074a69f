// A Worker that runs the conformance cases it is sent, each on stores of its own, and says what failed.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";

export default {
  async fetch(request) {
    const { store, cases } = await request.json();
    const open = store === "Store" ? connect : MemoryStore.connect;
    const failures = [];
    for (const testCase of cases) {
      await runCase(testCase, open).catch((error) => failures.push(`${testCase.name}: ${error.message}`));
    }
    return Response.json(failures);
  },
};
