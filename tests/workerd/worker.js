// A Worker that runs the conformance cases it receives, each on its own stores, and returns the failures; or that
// counts.

import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

export default {
  async fetch(request) {
    const { store, cases, server, url, key, times } = await request.json();
    if (url !== undefined) return Response.json(await count(url, key, times).catch(told));
    const open = store === "Store" ? connect : MemoryStore.connect;
    return Response.json(await runAll(cases, runCase, open, server));
  },
};

const told = ({ code, message, maybeApplied }) => ({ code, message, maybeApplied });

/** Counts concurrently with another request. */
async function count(url, key, times) {
  await using kv = await connect(url);
  for (let time = 1; time < times; time++) {
    await Promise.all([kv.incr(key), kv.incr("both")]);
  }
  await kv.incr("both");
  return kv.incr(key);
}
