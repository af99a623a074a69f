// Handles created from handles: one store, several namespaces, each closed separately.

import { connect, MemoryStore, Store } from "omnikv";
import { assert, fails, onAll } from "./support.js";

export const prefixes = {
  "nest, and see nothing outside": onAll(async (open) => {
    const kv = await open({ prefix: "app", defaultTtl: 60, serializer: "json" });
    const users = kv.withPrefix("users");
    const admins = users.withPrefix("admins:");
    await users.set("1", { name: "Alice" });
    await admins.set("1", { name: "Root" });
    assert.deepEqual(await kv.get("users:1"), { name: "Alice" });
    assert.deepEqual(await kv.get("users:admins:1"), { name: "Root" });
    assert.deepEqual((await users.keys("*")).sort(), ["1", "admins:1"]);
    assert.equal(await admins.ttl("1"), 60);
    await admins.flush();
    assert.deepEqual(await kv.keys("*"), ["users:1"]);
    assert.equal((await users.stats()).keys, 1);
    assert.instanceOf(users, kv instanceof Store ? Store : MemoryStore);
  }),

  "see each other's writes immediately, in a private store": onAll(async (open) => {
    const kv = await open();
    await kv.set("a:k", "1");
    assert.equal(await kv.get("a:k"), "1");
    const a = kv.withPrefix("a");
    await a.set("k", "2");
    assert.equal(await kv.get("a:k"), "2");
    await kv.set("a:k", "3");
    assert.equal(await a.get("k"), "3");
    await a.del("k");
    assert.isNull(await kv.get("a:k"));
  }),

  "close individually": onAll(async (open) => {
    const kv = await open();
    const a = kv.withPrefix("a");
    const b = kv.withPrefix("b");
    await a.set("k", "v");
    await kv.close();
    await fails(() => kv.get("a:k"), "closed");
    assert.equal(await a.get("k"), "v");
    await b.close();
    await fails(() => b.get("k"), "closed");
    const within = a.withPrefix("c");
    await a.close();
    await within.set("k", "v");
    assert.equal(await within.get("k"), "v");
    await within.close();
    await fails(() => kv.withPrefix("x").get("k"), { code: "closed", op: "get" });
  }),

  "keep a named store until the last is closed": async () => {
    const kv = await connect("memory:held");
    const a = kv.withPrefix("a");
    await a.set("k", "v");
    await kv.close();
    const again = MemoryStore.connect("memory:held");
    assert.equal(again.get("a:k"), "v");
    again.close();
    await a.close();
    const anew = MemoryStore.connect("memory:held");
    assert.isNull(anew.get("a:k"));
    anew.close();
  },

  "are text": onAll(async (open) => {
    const kv = await open();
    await fails(() => kv.withPrefix(5), { code: "invalid-argument", op: "withPrefix" });
    await fails(() => kv.withPrefix("\ud800"), "invalid-argument");
    await fails(() => kv.withPrefix(), { message: "withPrefix expects 1 argument, got 0" });
    const same = kv.withPrefix("");
    await same.set("k", "v");
    assert.equal(await kv.get("k"), "v");
    await fails(() => kv.withPrefix("p".repeat(512)).set("k", "v"), "too-large");
  }),
};
