// The global store, through its functions.

import { connect } from "omnikv";
import { configureGlobalStore, del, exists, get, getGlobalStore, put, rangeGet } from "omnikv/global";
import * as main from "omnikv";
import { structured } from "omnikv/structured";
import { assert, clock, fails, isUnreachable, nowhere, utf8 } from "./support.js";

/** Runs a test on an unconfigured global store. */
const fresh = (test) => async () => {
  await configureGlobalStore();
  try {
    await test();
  } finally {
    await configureGlobalStore();
  }
};

export const globalStore = {
  "works unconfigured: in memory, JSON, one-hour TTL": fresh(async () => {
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

  "is shared by all modules": fresh(async () => {
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

  "defaults to memory, with any serializer": fresh(async () => {
    await configureGlobalStore({ serializer: structured, defaultTtl: 5 });
    await put("k", new Map([["a", 1n]]));
    assert.deepEqual(await get("k"), new Map([["a", 1n]]));
    assert.equal(await (await getGlobalStore()).ttl("k"), 5);
  }),

  "reads stored bytes, and accepts a signal": fresh(async () => {
    await put("k", 1);
    assert.deepEqual(await get("k", { as: "bytes" }), utf8("1"));
    assert.equal(await get("none", { as: "text", default: "d" }), "d");
    assert.deepEqual(await rangeGet("k", undefined, { as: "text" }), [["k", "1"]]);
    await fails(() => get("k", { signal: AbortSignal.abort() }), "cancelled");
    const kv = await getGlobalStore();
    assert.deepEqual(await kv.rangeGet("k", null, { as: "bytes" }), [["k", utf8("1")]]);
  }),

  "replaces a store with the same name and other options": fresh(async () => {
    await configureGlobalStore("memory:again", { maxKeys: 1 });
    await put("a", 1);
    await configureGlobalStore("memory:again", { maxKeys: 2 });
    await put("a", 1);
    await put("b", 2);
    await fails(() => put("c", 3), "out-of-memory");
    await configureGlobalStore("memory:again", { maxKeys: 2, prefix: "" });
    assert.equal(await get("a"), 1, "the same limits: the same store");
    const other = await connect("memory:again");
    const refused = { code: "invalid-argument", message: /maxKeys/ };
    await fails(() => configureGlobalStore("memory:again", { maxKeys: 3 }), refused);
    await fails(() => get("a"), refused);
    await other.close();
  }),

  "closes the previous one, and concurrent calls wait": fresh(async () => {
    const before = await getGlobalStore();
    await put("k", "before");
    const configured = configureGlobalStore("memory", { prefix: "next" });
    const early = put("k", "early");
    await configured;
    await early;
    await fails(() => before.get("k"), "closed");
    assert.equal(await get("k"), "early");
  }),

  "fails with unsupported if it cannot be opened, and never uses another store": fresh(async () => {
    await put("k", "v");
    const unsupported = { code: "unsupported", message: /^Unsupported KVS URL: rediz:\/\/host:1\/0/ };
    await fails(() => configureGlobalStore("rediz://:secret@host:1/0"), unsupported);
    await fails(() => get("k"), unsupported);
    await fails(() => getGlobalStore(), unsupported);
    const redis = { ...nowhere, timeout: 60.5, password: "secret", poolSize: 5, prefix: "app:" };
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

  "rejects unknown options": fresh(async () => {
    for (const [given, message] of [
      [["postgres"], /\(type\) expects "memory" or "redis"/],
      [[5], /\(options\) expects an object, got number/],
      [[await connect("memory:")], /\(options\) expects a URL or a type, got a store$/],
      [[{ type: "postgres" }], /\(type\) expects "memory" or "redis", got string/],
      [["memory", { hots: "h" }], /has no "hots"/],
      [["redis", { port: "6379" }], /\(port\) expects an integer, got string/],
      [["memory:", { serializer: "pickle" }], /\(serializer\) expects/],
    ]) {
      await fails(() => configureGlobalStore(...given), { code: "invalid-argument", message });
    }
  }),
};
