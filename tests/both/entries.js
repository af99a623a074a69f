// Export and import: everything a store knows about its keys, exactly.

import { connect, MemoryStore } from "omnikv";
import { structured } from "omnikv/structured";
import { assert, clock, collect, fails, onAll, utf8 } from "./support.js";

const RAW = Uint8Array.of(0, 255, 128, 10);

async function fill(kv) {
  await kv.mset({ text: "ünï", empty: "", raw: RAW });
  await kv.set("session", "s", { ttlMs: 60_500 });
  await kv.rpush("list", "b", "a", RAW, "a");
  await kv.hset(
    "hash",
    new Map([
      ["f", "v"],
      ["__proto__", RAW],
    ]),
  );
  await kv.hset("hash", RAW, "binary field");
  await kv.expire("hash", 30);
  await kv.sadd("set", "x", RAW);
  await kv.zadd("zset", [
    ["x", 1.5],
    [RAW, Number.POSITIVE_INFINITY],
  ]);
}

/** A store's entries, sorted. */
async function listed(kv, options) {
  const order = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const entries = await collect(kv.entries(options));
  return entries
    .map((entry) =>
      entry.type === "hash" || entry.type === "set"
        ? { ...entry, value: [...entry.value].sort(order) }
        : entry,
    )
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const entries = {
  "contain key, type, bytes and deadline": onAll(async (open) => {
    const { read } = clock();
    const kv = await open({ clock: read });
    await fill(kv);
    const found = new Map((await listed(kv)).map((entry) => [entry.key, entry]));
    assert.deepEqual([...found.keys()], ["empty", "hash", "list", "raw", "session", "set", "text", "zset"]);
    assert.deepEqual(found.get("raw"), { key: "raw", type: "string", value: RAW, expireAt: null });
    assert.deepEqual(found.get("session").expireAt, read() + 60_500);
    assert.deepEqual(found.get("list").value, [utf8("b"), utf8("a"), RAW, utf8("a")]);
    assert.lengthOf(found.get("hash").value, 3);
    assert.equal(found.get("hash").expireAt, read() + 30_000);
    assert.lengthOf(found.get("set").value, 2);
    assert.deepEqual(found.get("zset").value, [
      [utf8("x"), 1.5],
      [RAW, Number.POSITIVE_INFINITY],
    ]);
    assert.deepEqual(
      (await listed(kv, { match: "s*", type: "string" })).map(({ key }) => key),
      ["session"],
    );
    const one = await collect(kv.entries({ count: 1 }));
    assert.lengthOf(one, 8);
    await fails(() => collect(kv.entries({ as: "xml" })), "invalid-argument");
    await fails(() => collect(kv.entries({ max: 5 })), { message: /^entries \(options\) has no "max"/ });
  }),

  "copy between stores of any kind, prefix and serializer": async () => {
    const { read } = clock();
    const from = await connect("memory:", {
      clock: read,
      prefix: "a",
      defaultTtl: 5,
      serializer: structured,
    });
    const raw = from.withPrefix("");
    await fill(await connect("memory:")); // Has no part in it.
    await raw.set("k", new Map([["a", 1n]]), { ttl: 0 });
    await raw.rpush("list", "x");
    const to = new MemoryStore({ clock: read, prefix: "b", serializer: structured, defaultTtl: 7 });
    assert.equal(to.load(await collect(from.entries())), 2);
    assert.deepEqual(to.get("k"), new Map([["a", 1n]]));
    assert.equal(to.ttl("k"), -1, "the default TTL is not for what is loaded");
    const back = await connect("memory:", { clock: read });
    assert.equal(await back.load(to.entries()), 2);
    assert.deepEqual((await back.keys("*")).sort(), ["k", "list"]);
  },

  "are the same after a round trip, also as JSON": onAll(async (open) => {
    const { read } = clock();
    const kv = await open({ clock: read });
    await fill(kv);
    const before = await listed(kv);
    const json = JSON.stringify(await collect(kv.entries({ as: "json" })));
    assert.include(json, '{"base64":"AP+ACg=="}');
    assert.include(json, '"ünï"');
    for (const given of [before, JSON.parse(json)]) {
      const copy = await open({ clock: read });
      assert.equal(await copy.load(given), 8);
      assert.deepEqual(await listed(copy), before);
    }
    const again = await open({ clock: read });
    assert.equal(await again.load(kv.entries()), 8, "an iterator of the store's own kind");
    assert.deepEqual(await listed(again), before);
  }),

  "keep absolute deadlines; expired ones are skipped": onAll(async (open) => {
    const { read, advance } = clock();
    const kv = await open({ clock: read });
    await kv.set("short", "s", { ttl: 10 });
    await kv.set("long", "l", { ttl: 100 });
    await kv.rpush("short-list", "s");
    await kv.expire("short-list", 10);
    const saved = await collect(kv.entries());
    const copy = await open({ clock: read });
    await copy.mset({ short: "kept", "short-list": "kept" });
    advance(40);
    assert.equal(await copy.load(saved), 1);
    assert.equal(await copy.ttl("long"), 60);
    assert.deepEqual(
      await copy.mget("short", "short-list"),
      ["kept", "kept"],
      "nothing was written over them",
    );
    assert.deepEqual((await copy.keys("*")).sort(), ["long", "short", "short-list"], "nothing else is left");
  }),

  "replace existing keys": onAll(async (open) => {
    const kv = await open();
    await kv.rpush("k", "old", "list");
    await kv.set("s", "old", { ttl: 5 });
    const loaded = await kv.load([
      { key: "k", type: "string", value: "new" },
      { key: "s", type: "set", value: [utf8("m")], expireAt: null },
    ]);
    assert.equal(loaded, 2);
    assert.equal(await kv.get("k"), "new");
    assert.deepEqual(await kv.smembers("s"), ["m"]);
    assert.equal(await kv.ttl("s"), -1);
  }),

  "are listed in large numbers, and while the store changes": onAll(async (open) => {
    const kv = await open();
    const many = Array.from({ length: 2_500 }, (_, index) => [`key:${index}`, "x".repeat(index % 700)]);
    await kv.mset(many);
    const found = new Map();
    for await (const { key, value } of kv.entries()) {
      found.set(key, value);
      if (found.size === 5) await kv.set("new", 1);
      if (found.size === 6) await kv.mset(many.map(([name]) => [`more:${name}`, ""]));
    }
    for (const [key, value] of many) assert.equal(found.get(key)?.length, value.length, key);
    const copy = await open();
    assert.equal(await copy.load(many.map(([key, value]) => ({ key, type: "string", value }))), 2_500);
    assert.equal(await copy.count(), 2_500);
  }),

  "to load are consumed lazily, up to the first mistake": onAll(async (open) => {
    const kv = await open();
    let ended = false;
    function* source() {
      try {
        yield { key: "a", type: "string", value: "1" };
        yield { key: "b", type: "soup", value: [] };
        throw new Error("not reached");
      } finally {
        ended = true;
      }
    }
    const wrong = (message) => ({ code: "invalid-argument", op: "load", message });
    await fails(
      () => kv.load(source()),
      wrong("load (entries) expects entries of key, type, value and expireAt"),
    );
    assert.isTrue(ended);
    for (const entry of [
      null,
      "entry",
      { key: "k" },
      { key: "k", type: "string", value: ["a"] },
      { key: "k", type: "list", value: "a" },
      { key: "k", type: "hash", value: ["a", "b"] },
      { key: "k", type: "string", value: 5 },
      { key: "k", type: "string", value: { base64: "no base64!" } },
      { key: "k", type: "string", value: "\ud800" },
      { key: "k", type: "string", value: "v", expireAt: "soon" },
      { key: "", type: "string", value: "v" },
      { type: "string", value: "v" },
      { key: "k", type: "list", value: [] },
    ]) {
      await fails(() => kv.load([entry]), "invalid-argument");
    }
    for (const given of [undefined, null, 5, "text", {}])
      await fails(() => kv.load(given), "invalid-argument");
    assert.isFalse(await kv.exists("k"));
    assert.deepEqual(await kv.keys("*"), []);
  }),

  "that do not fit leave existing keys unchanged": onAll(async (open) => {
    const kv = await open({ maxBytes: 20_000 });
    await kv.set("k", "old");
    await fails(() => kv.load([{ key: "k", type: "list", value: ["x".repeat(50_000)] }]), "out-of-memory");
    assert.equal(await kv.get("k"), "old");
    assert.deepEqual(await kv.keys("*"), ["k"]);
    await fails(() => kv.load([{ key: "k".repeat(600), type: "string", value: "v" }]), "too-large");
    assert.deepEqual(await kv.keys("*"), ["k"]);
  }),

  "need no extra room if they are strings without a deadline": onAll(async (open) => {
    for (const options of [{ maxKeys: 2 }, { maxKeys: 2, eviction: "allkeys-lru" }]) {
      const kv = await open(options);
      await kv.mset({ a: "old", b: "kept" });
      assert.equal(await kv.load([{ key: "a", type: "string", value: "new" }]), 1);
      assert.deepEqual(await kv.mget("a", "b"), ["new", "kept"]);
    }
  }),

  "fit behind a long prefix": onAll(async (open) => {
    const kv = await open({ prefix: "x".repeat(499) });
    await kv.set("a", "1");
    await kv.set("b", "1", { ttl: 60 });
    await kv.rpush("c", "1");
    assert.equal(await kv.load(await collect(kv.entries())), 3);
    assert.deepEqual((await kv.keys("*")).sort(), ["a", "b", "c"]);
  }),

  "that are refused give errors that name load": onAll(async (open) => {
    const kv = await open();
    const op = "load";
    const value = "v";
    for (const entry of [
      { key: "k", type: "string", value, expireAt: 0 },
      { key: "k", type: "list", value: [value], expireAt: 0 },
      { key: "k", type: "string", value, expireAt: -5 },
    ]) {
      const message = "load (expireAt) expects a moment after 1970 began";
      await fails(() => kv.load([entry]), { code: "invalid-argument", op, message });
    }
    const long = { key: "k".repeat(600), type: "string", value };
    await fails(() => kv.load([long]), { code: "too-large", op, message: /^load \(key\)/ });
    // Entries sent before the error have been written.
    const many = Array.from({ length: 250 }, (_, index) => ({ key: `k${index}`, type: "string", value }));
    await fails(() => kv.load([...many.slice(0, 221), null]), "invalid-argument");
    assert.equal(await kv.count(), 200);
  }),

  "from async iterables are for asynchronous stores": async () => {
    const from = await connect("memory:");
    await from.set("k", "v");
    const sync = new MemoryStore();
    await fails(() => sync.load(from.entries()), { code: "invalid-argument", message: /got promises$/ });
    const to = await connect("memory:");
    assert.equal(await to.load(from.entries()), 1);
  },
};
