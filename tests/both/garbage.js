// What garbage collection may free, and what it must keep. These tests need a host that can trigger it.

import { connect, MemoryStore } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { assert, clock, collect, collected, fails, onAll } from "./support.js";

const openers = { connect, "MemoryStore.connect": (url, options) => MemoryStore.connect(url, options) };

/** Runs a test on a named store, opened in both ways. */
const named = (name, test) => async () => {
  for (const [way, open] of Object.entries(openers)) {
    await test((options) => open(`memory:garbage-${name}-${way}`, options));
  }
};

export const garbage = {
  "keeps the entries of a named store": named("leaves", async (open) => {
    await collected(async (watch) => {
      const kv = watch(await open());
      await kv.set("session", "Alice");
      await kv.rpush("queue", "a", "b");
    });
    const kv = await open();
    assert.equal(await kv.get("session"), "Alice");
    assert.deepEqual(await kv.lrange("queue", 0, -1), ["a", "b"]);
  }),

  "keeps entries written through a handle with a prefix": named("prefixed", async (open) => {
    await collected(async (watch) => {
      const kv = await open();
      await watch(kv.withPrefix("app")).set("k", "v");
      await kv.close();
    });
    const kv = await open();
    assert.equal(await kv.get("app:k"), "v");
  }),

  "does not affect whether closing another handle ends the store": named("closing", async (open) => {
    const before = await open();
    await collected(async (watch) => {
      await watch(await open()).set("k", "v");
      await before.close();
    });
    for (let time = 0; time < 3; time++) {
      const kv = await open();
      assert.equal(await kv.get("k"), "v", "a handle was never closed: the store stays");
      await kv.close();
    }
  }),

  "does not matter when every handle was closed": named("closed", async (open) => {
    await collected(async (watch) => {
      const kv = watch(await open());
      await kv.set("k", "v");
      await watch(kv.withPrefix("p")).close();
      await kv.close();
    });
    const kv = await open();
    assert.isNull(await kv.get("k"));
    await kv.close();
  }),

  "keeps a named store's limits and clock": named("limited", async (open) => {
    const { read, advance } = clock();
    await collected(async (watch) => {
      const kv = watch(await open({ clock: read, maxKeys: 2 }));
      await kv.set("soon", "v", { ttl: 5 });
      await kv.set("late", "v", { ttl: 50 });
    });
    await fails(() => open({ maxKeys: 3 }), "invalid-argument");
    await fails(() => open({ clock: () => 5 }), "invalid-argument");
    const kv = await open({ clock: read, maxKeys: 2 });
    await fails(() => kv.set("more", "v"), "out-of-memory");
    advance(10);
    assert.isNull(await kv.get("soon"));
    assert.equal(await kv.ttl("late"), 40);
  }),

  "keeps a store that a handler opens for each request": async () => {
    const headers = { authorization: "Bearer token" };
    for (let request = 1; request <= 5; request++) {
      await collected(async (watch) => {
        const gateway = watch(createGateway("memory:requests", { token: "token" }));
        const response = await gateway(new Request("http://localhost/incr/n", { headers }));
        assert.deepEqual(await response.json(), { result: request });
      });
    }
  },

  "frees a private store only with its last handle": onAll(async (open) => {
    let within;
    await collected(async (watch) => {
      const kv = watch(await open());
      await kv.set("p:k", "1");
      // Writes to a cached key may be buffered.
      await kv.set("p:k", "2");
      within = kv.withPrefix("p");
      await kv.set("p:k", "3");
    });
    assert.equal(await within.get("k"), "3");
    await within.set("l", "4");
    const outer = within.withPrefix("q");
    await outer.set("k", "5");
    await collected((watch) => {
      watch(within);
      within = undefined;
    });
    assert.equal(await outer.get("k"), "5");
  }),

  "waits for everything that still uses a handle": onAll(async (open) => {
    let keys;
    let batch;
    let writing;
    await collected(async (watch) => {
      const kv = await open();
      await kv.mset({ a: 1, b: 2 });
      keys = kv.scanIterator({ count: 1 });
      batch = kv.pipeline().incr("a").get("b");
      writing = kv.incr("b");
      watch({});
    });
    assert.equal(await writing, 3);
    assert.deepEqual(await batch.exec(), [2, "3"]);
    assert.sameMembers(await collect(keys), ["a", "b"]);
  }),
};
