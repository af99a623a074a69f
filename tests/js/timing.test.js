// Test frameworks replace timing functions for a while. The library has taken its own when it was loaded: calls under faked ones
// settle, later ones do, and nothing waits past its timeout. `Date` is no timing function: a store in memory follows it.

import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connect, MemoryStore } from "omnikv";
import { gatewayOverMemory } from "./gateway.js";
import { startRedis } from "./redis-server.js";
import { silentServer } from "./silent-server.js";

const FAKED = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "setImmediate",
  "clearImmediate",
  "queueMicrotask",
];

/** What a faked timer is. */
const never = { ref: () => never, unref: () => never };

/** Runs something while nothing that a timing function is given ever happens; Node's own streams need `process.nextTick`. */
async function faked(run, names = FAKED) {
  const real = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
  const { now } = performance;
  try {
    for (const name of names) globalThis[name] = () => never;
    performance.now = () => 0;
    return await run();
  } finally {
    Object.assign(globalThis, real);
    performance.now = now;
  }
}

describe("timing functions that are faked for a while", () => {
  let redis;
  let gateway;
  before(async () => {
    redis = await startRedis();
    gateway = await gatewayOverMemory();
  });
  after(async () => {
    await redis?.close();
    await gateway?.close();
  });

  for (const way of ["redis", "gateway"]) {
    it(`leave no call without an answer: ${way}`, { timeout: 60_000 }, async () => {
      const url = way === "redis" ? `redis://127.0.0.1:${redis.port}` : gateway.url;
      // Node's own fetch and streams do nothing without `queueMicrotask`.
      const names = FAKED.filter((name) => way === "redis" || name !== "queueMicrotask");
      const kv = await connect(url, { timeout: "20s" });
      assert.equal(await faked(() => kv.set("k", "v"), names), "OK");
      const all = () => Promise.all([kv.get("k"), kv.incr("n"), kv.getOrSet("made", () => "m")]);
      const both = faked(all, names);
      assert.deepEqual(await both, ["v", 1, "m"]);
      assert.equal(await kv.get("k"), "v");
      await kv.del("k", "n", "made");
      await kv.close();
    });
  }

  it("do not keep a call past its timeout", { timeout: 60_000 }, async () => {
    const server = await silentServer();
    for (const url of [`redis://${server.authority}`, `upstash+http://:t@${server.authority}`]) {
      const kv = await connect(url, { timeout: "300ms", retries: 1 });
      await assert.rejects(
        faked(() => kv.get("k")),
        ({ code }) => ["timeout", "unavailable"].includes(code),
      );
      await kv.close();
    }
    await server.close();
  });

  it("leave the time of a store in memory to a faked Date", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
    try {
      const kv = new MemoryStore();
      kv.set("k", "v", { ttl: 60 });
      mock.timers.tick(59_000);
      assert.equal(kv.ttl("k"), 1);
      mock.timers.tick(1_001);
      assert.equal(kv.get("k"), null);
    } finally {
      mock.timers.reset();
    }
  });
});
