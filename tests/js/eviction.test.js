// Stores with limits: what goes when they are full, and what is refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "omnikv";

describe("a full store", () => {
  it("refuses without eviction, and changes nothing", () => {
    const kv = new MemoryStore({ maxKeys: 2 });
    kv.mset({ a: "1", b: "2" });
    assert.throws(() => kv.set("c", "3"), { code: "out-of-memory", message: /maxKeys/ });
    assert.throws(() => kv.mset({ a: "9", d: "4" }), { code: "out-of-memory" });
    assert.deepEqual(kv.range(""), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.equal(kv.set("a", "still"), "OK");
  });

  it("drops what has not been used for longest", () => {
    const kv = new MemoryStore({ maxKeys: 3, eviction: "allkeys-lru" });
    for (const key of ["a", "b", "c"]) kv.set(key, key);
    // Read twice: a string that is remembered on this side would hide its use from the core.
    for (let time = 0; time < 2; time++) assert.equal(kv.get("a"), "a");
    kv.set("d", "d");
    assert.deepEqual(kv.mget("a", "b", "c", "d"), ["a", null, "c", "d"]);
    assert.equal(kv.stats().evicted, 1);
  });

  it("drops only keys that expire, the soonest first", () => {
    const kv = new MemoryStore({ maxKeys: 3, eviction: "volatile-ttl" });
    kv.set("stays", "1");
    kv.set("later", "2", { ttl: 600 });
    kv.set("soon", "3", { ttl: 60 });
    kv.set("new", "4");
    assert.deepEqual(kv.mget("stays", "later", "soon", "new"), ["1", "2", null, "4"]);
    kv.set("newer", "5");
    assert.throws(() => kv.set("newest", "6"), { code: "out-of-memory" });
  });

  it("keeps to its bytes under a load of its own size many times over", () => {
    const maxBytes = 100_000;
    const kv = new MemoryStore({ maxBytes, eviction: "allkeys-lru" });
    for (let n = 0; n < 20_000; n++) {
      kv.set(`key:${n}`, "x".repeat(n % 300));
      kv.rpush(`list:${n % 50}`, "item");
    }
    const { bytes, evicted, keys } = kv.stats();
    assert.ok(bytes <= maxBytes && evicted > 10_000 && keys > 100, JSON.stringify({ bytes, evicted, keys }));
    assert.equal(kv.get("key:19999"), "x".repeat(19_999 % 300));
  });

  it("evicts nothing for what could never fit", () => {
    const kv = new MemoryStore({ maxBytes: 1_000, eviction: "allkeys-lru" });
    kv.set("a", "1");
    assert.throws(() => kv.set("b", "x".repeat(2_000)), { code: "out-of-memory" });
    assert.equal(kv.get("a"), "1");
  });
});

it("an unknown policy is refused by name", () => {
  assert.throws(() => new MemoryStore({ eviction: "random" }), {
    code: "invalid-argument",
    message: /\(eviction\) expects "noeviction" or "allkeys-lru" or "volatile-ttl"/,
  });
});

it("stores of one name have one limit", () => {
  const kv = MemoryStore.connect("memory:limited", { maxKeys: 5 });
  assert.throws(() => MemoryStore.connect("memory:limited", { maxKeys: 6 }), { code: "invalid-argument" });
  kv.close();
});
