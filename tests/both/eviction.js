// Stores with limits: what is evicted when they are full, and what is refused. The conformance cases define the
// policies; these stores are private and cache strings in JavaScript.

import { connect, MemoryStore } from "omnikv";
import { assert, fails, onAll, onBoth } from "./support.js";

export const eviction = {
  "noeviction: a full store refuses writes, and changes nothing": onAll(async (open, backend) => {
    const kv = await open({ maxKeys: 2 });
    await kv.mset({ a: "1", b: "2" });
    await fails(() => kv.set("c", "3"), { code: "out-of-memory", op: "set", backend });
    await fails(() => kv.mset({ a: "9", d: "4" }), "out-of-memory");
    assert.deepEqual(await kv.range(""), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.equal(await kv.set("a", "still"), "OK");
  }),

  "allkeys-lru: evicts the least recently used keys": onAll(async (open) => {
    const kv = await open({ maxKeys: 3, eviction: "allkeys-lru" });
    for (const key of ["a", "b", "c"]) await kv.set(key, key);
    // Read twice: a cached string would hide its use from the core.
    for (let time = 0; time < 2; time++) assert.equal(await kv.get("a"), "a");
    await kv.set("d", "d");
    assert.deepEqual(await kv.mget("a", "b", "c", "d"), ["a", null, "c", "d"]);
    assert.equal((await kv.stats()).evicted, 1);
  }),

  "allkeys-lru: evicted keys are not cached either": onAll(async (open) => {
    const kv = await open({ maxKeys: 2, eviction: "allkeys-lru" });
    for (let n = 0; n < 200; n++) {
      await kv.set(`k${n}`, `v${n}`);
      assert.equal(await kv.get(`k${n}`), `v${n}`);
      assert.equal(await kv.get(`k${n - 2}`), null);
    }
    assert.equal((await kv.stats()).evicted, 198);
  }),

  "volatile-ttl: evicts only keys that expire, the soonest first": onAll(async (open) => {
    const kv = await open({ maxKeys: 3, eviction: "volatile-ttl" });
    await kv.set("stays", "1");
    await kv.set("later", "2", { ttl: 600 });
    await kv.set("soon", "3", { ttl: 60 });
    await kv.set("new", "4");
    assert.deepEqual(await kv.mget("stays", "later", "soon", "new"), ["1", "2", null, "4"]);
    await kv.set("newer", "5");
    await fails(() => kv.set("newest", "6"), "out-of-memory");
  }),

  "volatile-ttl: evicted keys are not cached either": onAll(async (open) => {
    const kv = await open({ maxKeys: 3, eviction: "volatile-ttl" });
    await kv.set("soon", "1", { ttl: 60 });
    for (let time = 0; time < 2; time++) assert.equal(await kv.get("soon"), "1");
    for (const key of ["a", "b", "c"]) await kv.set(key, key);
    assert.equal(await kv.get("soon"), null);
    assert.equal(await kv.exists("soon"), false);
  }),

  "stays within its bytes under many times its size": onAll(async (open) => {
    const maxBytes = 100_000;
    const kv = await open({ maxBytes, eviction: "allkeys-lru" });
    for (let n = 0; n < 20_000; n++) {
      await kv.set(`key:${n}`, "x".repeat(n % 300));
      await kv.rpush(`list:${n % 50}`, "item");
    }
    const { bytes, evicted, keys } = await kv.stats();
    assert.isTrue(
      bytes <= maxBytes && evicted > 10_000 && keys > 100,
      JSON.stringify({ bytes, evicted, keys }),
    );
    assert.equal(await kv.get("key:19999"), "x".repeat(19_999 % 300));
  }),

  "evicts nothing for a value that could never fit": onAll(async (open) => {
    const kv = await open({ maxBytes: 1_000, eviction: "allkeys-lru" });
    await kv.set("a", "1");
    await fails(() => kv.set("b", "x".repeat(2_000)), "out-of-memory");
    assert.equal(await kv.get("a"), "1");
  }),

  "evicts serialized values as a whole": onAll(async (open) => {
    const kv = await open({ maxKeys: 1, eviction: "allkeys-lru", serializer: "json" });
    await kv.set("a", { deep: [1] });
    assert.deepEqual(await kv.getOrSet("b", () => ({ made: true })), { made: true });
    assert.equal(await kv.get("a"), null);
    assert.deepEqual(await kv.get("b"), { made: true });
  }),

  "rejects an unknown policy by name": onBoth(async (open) => {
    await fails(() => open({ eviction: "random" }), {
      code: "invalid-argument",
      message: /\(eviction\) expects "noeviction" or "allkeys-lru" or "volatile-ttl"/,
    });
  }),

  "is shared by all handles of a named store": async () => {
    const limits = { maxKeys: 5, eviction: "allkeys-lru" };
    const kv = MemoryStore.connect("memory:limited", limits);
    await fails(() => MemoryStore.connect("memory:limited", { ...limits, maxKeys: 6 }), "invalid-argument");
    await fails(() => connect("memory:limited", { eviction: "volatile-ttl" }), "invalid-argument");
    await (await connect("memory:limited", limits)).close();
    kv.close();
  },
};
