// The store that a program shares, through its functions.

import { connect } from "omnikv";
import { configureGlobalStore, del, exists, get, getGlobalStore, put, rangeGet } from "omnikv/global";
import * as main from "omnikv";
import { assert, clock, fails, isUnreachable, nowhere } from "./support.js";

/** Runs a test on a global store that nobody has configured. */
const fresh = (test) => async () => {
  await configureGlobalStore();
  try {
    await test();
  } finally {
    await configureGlobalStore();
  }
};

export const globalStore = {
  "works unconfigured: in memory, JSON, an hour": fresh(async () => {
    assert.equal(await put("user", { name: "Alice" }), "OK");
    assert.deepEqual(await get("user"), { name: "Alice" });
    assert.equal(await (await getGlobalStore()).ttl("user"), 3600);
    assert.isTrue(await exists("user"));
    assert.equal(await del("user", "none"), 1);
    assert.equal(await del(["user"]), 0);
    assert.isNull(await get("user"));
    assert.deepEqual(await get("user", { default: { name: "Unknown" } }), { name: "Unknown" });
    await put("p", 1, { ttl: 0 });
    assert.equal(await (await getGlobalStore()).ttl("p"), -1);
    await put("p", 1, { ttl: "5m" });
    assert.equal(await (await getGlobalStore()).ttl("p"), 300);
    await put("p:1", "a");
    assert.deepEqual(await rangeGet("p", undefined, { limit: 1 }), [["p", 1]]);
    assert.deepEqual(await rangeGet("p", "p:1"), [["p", 1]]);
    await fails(() => put("k", 1n), "invalid-argument");
    await fails(() => put("", 1), "invalid-argument");
  }),

  "is one, whichever module asks": fresh(async () => {
    assert.strictEqual(main.getGlobalStore, getGlobalStore);
    assert.strictEqual(await main.getGlobalStore(), await getGlobalStore());
    const kv = await connect("memory:");
    assert.instanceOf(await getGlobalStore(), kv.constructor);
  }),

  "is configured by URL, by type, or in one object": fresh(async () => {
    const other = await connect("memory:global", { serializer: "json" });
    await configureGlobalStore("memory:global", { prefix: "app" });
    await put("k", { a: 1 });
    assert.deepEqual(await other.get("app:k"), { a: 1 });
    assert.equal(await other.ttl("app:k"), -1, "the default TTL was of the unconfigured one");
    await other.close();
    const { read, advance } = clock();
    await configureGlobalStore("memory", { defaultTtl: "10s", clock: read });
    await put("k", 1);
    advance(10);
    assert.isFalse(await exists("k"));
    await configureGlobalStore({ type: "memory", prefix: "x" });
    assert.isFalse(await exists("k"));
  }),

  "closes the one before, and what is asked meanwhile waits": fresh(async () => {
    const before = await getGlobalStore();
    await put("k", "before");
    const configured = configureGlobalStore("memory", { prefix: "next" });
    const early = put("k", "early");
    await configured;
    await early;
    await fails(() => before.get("k"), "closed");
    assert.equal(await get("k"), "early");
  }),

  "answers unsupported for what cannot be opened here, and never with another store": fresh(async () => {
    await put("k", "v");
    const unsupported = { code: "unsupported", message: "Unsupported KVS URL: rediz://host:1/0" };
    await fails(() => configureGlobalStore("rediz://:secret@host:1/0"), unsupported);
    await fails(() => get("k"), unsupported);
    await fails(() => getGlobalStore(), unsupported);
    const redis = { ...nowhere, password: "secret", poolSize: 5, prefix: "app:" };
    await isUnreachable(async () => {
      await configureGlobalStore({ type: "redis", ...redis });
      await get("k");
    });
    await isUnreachable(async () => {
      await configureGlobalStore("redis", { ...redis, db: 2, tls: true });
      await get("k");
    });
    await configureGlobalStore("memory:");
    assert.isNull(await get("k"));
  }),

  "refuses what it does not know": fresh(async () => {
    for (const [given, message] of [
      [["postgres"], /\(type\) expects "memory" or "redis"/],
      [[5], /\(options\) expects an object, got number/],
      [[{}], /\(type\) expects "memory" or "redis", got undefined/],
      [["memory", { host: "h" }], /has no "host"/],
      [["redis", { port: "6379" }], /\(port\) expects an integer, got string/],
      [["memory:", { serializer: "pickle" }], /\(serializer\) expects/],
    ]) {
      await fails(() => configureGlobalStore(...given), { code: "invalid-argument", message });
    }
  }),
};
