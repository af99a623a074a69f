// `update`: changes a value while others change it too.

import { connect, MemoryStore } from "omnikv";
import { assert, clock, fails, onAll } from "./support.js";

export const update = {
  "writes the function's result": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    const add = (item) => (cart) => ({ items: [...(cart?.items ?? []), item] });
    assert.deepEqual(await kv.update("cart", add("book")), { items: ["book"] });
    assert.deepEqual(await kv.update("cart", add("pen")), { items: ["book", "pen"] });
    assert.deepEqual(await kv.get("cart"), { items: ["book", "pen"] });
    const text = await open();
    assert.strictEqual(await text.update("n", (n) => Number(n) + 1), "1");
    const bytes = await text.update("b", (old) => old ?? Uint8Array.of(255), { as: "bytes" });
    assert.deepEqual(bytes, Uint8Array.of(255));
  }),

  "undefined leaves the value, null removes it": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    await kv.set("k", { n: 1 });
    const kept = await kv.update("k", (value) => {
      value.n = 99;
    });
    assert.deepEqual(kept, { n: 1 }, "what the function does to its value changes nothing");
    assert.deepEqual(await kv.get("k"), { n: 1 });
    assert.isNull(await kv.update("k", () => null));
    assert.isFalse(await kv.exists("k"));
    assert.isNull(await kv.update("k", () => null));
    assert.isNull(await kv.update("k", () => undefined));
    assert.isFalse(await kv.exists("k"));
  }),

  "keeps the deadline by default": onAll(async (open) => {
    const { read } = clock();
    const kv = await open({ clock: read, defaultTtl: 100 });
    await kv.update("k", () => "new");
    assert.equal(await kv.ttl("k"), 100, "a new key gets the default TTL");
    await kv.expire("k", 50);
    await kv.update("k", () => "changed");
    assert.equal(await kv.ttl("k"), 50);
    await kv.update("k", () => "changed", { ttl: "2m" });
    assert.equal(await kv.ttl("k"), 120);
    await kv.update("k", () => "changed", { ttl: 0 });
    assert.equal(await kv.ttl("k"), -1);
  }),

  "loses no concurrent change": async () => {
    const kv = await connect("memory:", { serializer: "json" });
    const slowly = async (n) => {
      await kv.exists("n");
      return (n ?? 0) + 1;
    };
    await Promise.all(Array.from({ length: 200 }, () => kv.update("n", slowly)));
    assert.equal(await kv.get("n"), 200);
  },

  "retries with the new value, and fails after the given tries": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    await kv.set("k", 1);
    const seen = [];
    const sum = await kv.update("k", (value) => {
      seen.push(value);
      if (seen.length === 1) kv.set("k", 10);
      return value + 1;
    });
    assert.equal(sum, 11);
    assert.deepEqual(seen, [1, 10]);
    let tries = 0;
    const restless = (value) => {
      tries++;
      kv.set("k", value + 1);
      return 0;
    };
    await fails(() => kv.update("k", restless, { tries: 3 }), {
      code: "conflict",
      op: "update",
      message: "update (key) was changed by others in each of 3 tries",
    });
    assert.equal(tries, 3);
    assert.equal(await kv.get("k"), 14);
  }),

  "retries if the key is removed meanwhile": onAll(async (open) => {
    const kv = await open();
    await kv.set("k", "old");
    const seen = [];
    await kv.update("k", (value) => {
      seen.push(value);
      if (value !== null) kv.del("k");
      return "new";
    });
    assert.deepEqual(seen, ["old", null]);
    assert.equal(await kv.get("k"), "new");
  }),

  "accepts JSON formatted by others, including null": onAll(async () => {
    const text = MemoryStore.connect("memory:update");
    const kv = MemoryStore.connect("memory:update", { serializer: "json" });
    text.set("k", '{ "b": 1,\n "a": 2 }');
    assert.deepEqual(
      kv.update("k", (value) => ({ ...value, c: 3 })),
      { b: 1, a: 2, c: 3 },
    );
    kv.set("k", null);
    assert.equal(
      kv.update("k", () => 5),
      5,
    );
    text.close();
    kv.close();
  }),

  "reports errors, and changes nothing": onAll(async (open) => {
    const kv = await open();
    await kv.set("k", "v");
    const wrong = (message) => ({ code: "invalid-argument", op: "update", message });
    await fails(() => kv.update("k"), wrong("update expects 2 or 3 arguments, got 1"));
    await fails(() => kv.update("k", "v"), wrong("update (change) expects a function, got string"));
    await fails(() => kv.update("k", () => ({})), wrong(/^update \(value\) /));
    await fails(() => kv.update("k", () => 1, { tries: 0 }), wrong(/\(tries\)/));
    await fails(() => kv.update("k", () => 1, { ttl: 1, keepTtl: true }), wrong(/only one of/));
    let thrown;
    try {
      await kv.update("k", () => {
        throw new RangeError("mine");
      });
    } catch (error) {
      thrown = error;
    }
    assert.instanceOf(thrown, RangeError);
    assert.equal(await kv.get("k"), "v");
    await kv.rpush("list", 1);
    await fails(() => kv.update("list", () => 1), "wrong-type");
  }),
};
