// Iterating over keys, fields and members.

import { connect, escapeGlob, MemoryStore } from "omnikv";
import { assert, collect, fails, onAll } from "./support.js";

const keys = Array.from({ length: 250 }, (_, index) => `user:${index}`);
const unique = async (items) => [...new Set(await collect(items))].sort();

export const iterators = {
  "iterate over all keys, fields and members": onAll(async (open) => {
    const kv = await open({ prefix: "app" });
    await kv.mset(keys.map((key) => [key, 1]));
    await kv.set("other", 1);
    await kv.hset(
      "h",
      keys.map((key) => [key, "v"]),
    );
    await kv.sadd("s", keys);
    const sorted = [...keys].sort();
    assert.deepEqual(await unique(kv.scanIterator({ match: "user:*", count: 7 })), sorted);
    assert.deepEqual(await unique(kv.scanIterator({ type: "hash" })), ["h"]);
    const fields = new Map(await collect(kv.hscanIterator("h", { count: 7 })));
    assert.deepEqual([...fields.keys()].sort(), sorted);
    assert.equal(fields.get("user:7"), "v");
    assert.deepEqual(await unique(kv.sscanIterator("s")), sorted);
    assert.deepEqual(await unique(kv.sscanIterator("s", { match: "*:1" })), ["user:1"]);
    const [first] = await collect(kv.sscanIterator("s", { as: "bytes" }));
    assert.instanceOf(first, Uint8Array);
    await kv.zadd(
      "z",
      keys.map((member, score) => ({ score, member })),
    );
    const scores = new Map(await collect(kv.zscanIterator("z", { count: 7 })));
    assert.deepEqual([...scores.keys()].sort(), sorted);
    assert.equal(scores.get(keys[3]), 3);
    const [[member]] = await collect(kv.zscanIterator("z", { match: keys[3], as: "bytes" }));
    assert.instanceOf(member, Uint8Array);
    assert.deepEqual(await collect(kv.hscanIterator("none")), []);
  }),

  "answer for each of many keys, and write many with an expiry each": onAll(async (open) => {
    const kv = await open({ prefix: "app" });
    assert.equal(
      await kv.mset([
        ["a", 1, { ttl: 60 }],
        ["b", 2],
        ["c", 3, { ttl: "2m" }],
      ]),
      "OK",
    );
    assert.deepEqual(await kv.exists(["a", "none", "c"]), [true, false, true]);
    assert.deepEqual(await kv.exists([]), []);
    const ttls = await Promise.all(["a", "b", "c"].map((key) => kv.ttl(key)));
    assert.include([59, 60], ttls[0]);
    assert.equal(ttls[1], -1);
    assert.include([119, 120], ttls[2]);
    // All or none.
    await fails(
      () =>
        kv.mset([
          ["a", 9, { ttl: 60 }],
          ["", 2, { ttl: 60 }],
        ]),
      "invalid-argument",
    );
    assert.equal(await kv.get("a"), "1");
  }),

  "tolerate a store that changes meanwhile": onAll(async (open) => {
    const kv = await open({});
    await kv.mset(keys.map((key) => [key, 1]));
    const stays = new Set(keys.filter((_, index) => index % 2 === 0));
    const found = new Set();
    for await (const key of kv.scanIterator()) {
      found.add(key);
      if (!stays.has(key)) await kv.del(key);
      await kv.set(`new:${found.size % 20}`, 1);
    }
    for (const key of stays) assert.isTrue(found.has(key), key);
  }),

  "go through a range in order, page by page": onAll(async (open) => {
    const kv = await open({ prefix: "app", serializer: "json" });
    await kv.mset(keys.map((key, index) => [key, index]));
    await kv.set("aside", "x");
    const sorted = [...keys].sort();
    const values = new Map(keys.map((key, index) => [key, index]));
    const pairs = sorted.map((key) => [key, values.get(key)]);
    assert.deepEqual(await collect(kv.rangeIterator("user:", null, { count: 7 })), pairs);
    assert.deepEqual(await collect(kv.rangeIterator("user:")), pairs);
    assert.deepEqual(
      await collect(kv.rangeIterator("user:", undefined, { values: false, reverse: true, count: 100 })),
      [...sorted].reverse(),
    );
    assert.deepEqual(
      await collect(kv.rangeIterator("user:2", "user:24", { limit: 5, count: 2 })),
      pairs.slice(sorted.indexOf("user:2"), sorted.indexOf("user:2") + 5),
    );
    assert.deepEqual(await collect(kv.rangeIterator("user:", null, { after: "user:98" })), [["user:99", 99]]);
    const [[, bytes]] = await collect(kv.rangeIterator("user:1", "user:10", { as: "bytes" }));
    assert.deepEqual(bytes, Uint8Array.of(0x31));
    assert.deepEqual(await collect(kv.rangeIterator("none")), []);
    assert.deepEqual(await collect(kv.rangeIterator("user:", null, { limit: 0 })), []);
    assert.deepEqual(await kv.range("user:98", null, { values: false }), ["user:98"]);
    await fails(() => collect(kv.rangeIterator("", null, { count: 0 })), { code: "invalid-argument" });
    await fails(() => collect(kv.rangeIterator("", null, { pages: 2 })), { code: "invalid-argument" });
    await fails(() => kv.range("", null, { values: 1 }), { code: "invalid-argument" });
  }),

  "take a prefix literally": onAll(async (open) => {
    const kv = await open({});
    const odd = ["a*b:1", "a?b:1", "a[b]:1", "a\\b:1"];
    await kv.mset([...odd, "axb:1", "ab:1"].map((key) => [key, 1]));
    for (const key of odd) {
      const match = `${escapeGlob(key.slice(0, -1))}*`;
      assert.deepEqual(await collect(kv.scanIterator({ match })), [key]);
      assert.deepEqual(await kv.keys(escapeGlob(key)), [key]);
    }
  }),

  "may be left halfway": onAll(async (open) => {
    const kv = await open({});
    await kv.mset(keys.map((key) => [key, 1]));
    let seen = 0;
    for await (const key of kv.scanIterator()) if (++seen === 3 && key) break;
    assert.equal(seen, 3);
  }),

  "report errors at the first step": async () => {
    const kv = await connect("memory:");
    await fails(() => kv.hscanIterator(5).next(), { message: "hscan (key) expects a string, got number" });
    await kv.set("text", 1);
    await fails(() => kv.sscanIterator("text").next(), "wrong-type");
    await fails(() => new MemoryStore().sscanIterator(5).next(), {
      message: "sscan (key) expects a string, got number",
    });
  },
};
