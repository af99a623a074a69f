// Iterating over keys, fields and members.

import { connect, MemoryStore } from "omnikv";
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
    assert.deepEqual(await collect(kv.hscanIterator("none")), []);
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

  "can be stopped halfway": onAll(async (open) => {
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
