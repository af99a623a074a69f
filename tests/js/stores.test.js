// Stores as a whole: opening, statistics, clocks, limits. Lifetimes are tested in every host: tests/both/lifetimes.js.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, MemoryStore } from "omnikv";

describe("connect", () => {
  it("rejects unknown URLs, with the seed's message and without secrets", async () => {
    const unsupported = (message) => ({ name: "KvError", code: "unsupported", message, op: "connect" });
    await assert.rejects(
      connect("invalid-url"),
      unsupported(/^Unsupported KVS URL: invalid-url: URLs begin with one of memory:, redis:/),
    );
    await assert.rejects(
      connect("redsi://user:secret@host:1/0"),
      unsupported(
        /^Unsupported KVS URL: redsi:\/\/host:1\/0: did you mean redis:\/\/\? URLs begin with [^@]*$/,
      ),
    );
    await assert.rejects(
      connect("indexeddb:app"),
      unsupported(
        "connect cannot open indexeddb: here: only browsers have IndexedDB. Use sqlite:file.db in Node, Bun and Deno, a Durable Object in a Worker (omnikv/durable-object), or a server",
      ),
    );
    await assert.rejects(connect(""), { code: "unsupported" });
  });

  it("refuses wrong options", async () => {
    for (const [options, message] of [
      ["myapp", "connect (options) expects an object, got string"],
      [{ prefx: "a" }, /^connect \(options\) has no "prefx"/],
      [{ prefix: 5 }, "connect (prefix) expects a string, got number"],
      [{ prefix: "\ud800" }, /^connect \(prefix\) expects well-formed text/],
      [{ defaultTtl: -1 }, "connect (defaultTtl) expects no negative time"],
      [{ maxBytes: -1 }, "connect (maxBytes) expects a number that is not negative"],
      [{ maxBytes: "1" }, "connect (maxBytes) expects an integer, got string"],
      [{ maxKeyBytes: 0.5 }, "connect (maxKeyBytes) expects an integer, got a fraction"],
      [{ clock: 0 }, "connect (clock) expects a function, got number"],
    ]) {
      await assert.rejects(connect("memory:", options), { code: "invalid-argument", message });
    }
    await assert.rejects(connect(5), { message: "connect (url) expects a string, got number" });
    assert.throws(() => new MemoryStore({ prefix: 5 }), {
      message: "MemoryStore (prefix) expects a string, got number",
    });
  });
});

describe("stats and capabilities", () => {
  it("report a store's state and guarantees", async () => {
    const kv = await connect("memory:", { prefix: "p" });
    await kv.set("a", 1, { ttl: 60 });
    await kv.set("b", 1);
    await kv.mget("a", "none");
    const { bytes, ...stats } = await kv.stats();
    assert.deepEqual(stats, { keys: 2, expiringKeys: 1, hits: 1, misses: 1, evicted: 0, server: {} });
    assert(bytes > 0);
    assert.deepEqual(await kv.capabilities(), {
      atomic: true,
      ordered: true,
      exactCounts: true,
      ttlMinimumMs: 1,
      maxKeyBytes: 512,
      maxValueBytes: 134217728,
      records: true,
      consistency: "strong",
    });
  });
});

describe("a clock", () => {
  it("that throws, or gives no time, is refused and breaks nothing", () => {
    let read = () => 1_000;
    const kv = new MemoryStore({ clock: () => read() });
    kv.set("k", "v", { ttl: 5 });
    for (const broken of [
      () => {
        throw new Error("broken");
      },
      () => -5,
      () => Number.NaN,
      () => "later",
      () => undefined,
    ]) {
      read = broken;
      assert.throws(
        () => kv.get("k"),
        (error) => error.name === "KvError",
      );
    }
    read = () => 2_000;
    assert.equal(kv.get("k"), "v");
  });

  it("cannot use a store", () => {
    let inside = () => {};
    const other = new MemoryStore();
    const kv = new MemoryStore({
      clock: () => {
        inside();
        return 1_000;
      },
    });
    const errors = [];
    inside = () => {
      for (const store of [kv, other]) {
        try {
          store.get("k");
        } catch (error) {
          errors.push(error.code);
        }
      }
      try {
        new MemoryStore();
      } catch (error) {
        errors.push(error.code);
      }
    };
    assert.equal(kv.set("k", "v", { ttl: 5 }), "OK");
    assert.deepEqual(new Set(errors), new Set(["unsupported"]));
    inside = () => {};
    assert.equal(kv.get("k"), "v");
    assert.equal(other.set("a", 1), "OK");
  });
});

describe("limits", () => {
  it("are errors, not traps", () => {
    const kv = new MemoryStore();
    const mebibyte = 1024 * 1024;
    assert.equal(kv.set("big", new Uint8Array(128 * mebibyte)), "OK");
    assert.equal(kv.strlen("big"), 128 * mebibyte);
    assert.throws(() => kv.set("big", new Uint8Array(128 * mebibyte + 1)), { code: "too-large" });
    assert.throws(() => kv.set("big", new Uint8Array(400 * mebibyte)), { code: "too-large", op: "set" });
    assert.throws(() => kv.set("k".repeat(513), 1), { code: "too-large" });
    assert.throws(() => kv.append("big", "x"), { code: "too-large" });
    assert.equal(kv.strlen("big"), 128 * mebibyte);
    kv.close();
    const small = new MemoryStore({ maxBytes: 10_000 });
    assert.throws(() => small.set("a", "x".repeat(20_000)), { code: "out-of-memory", op: "set" });
    assert.equal(small.set("a", "x"), "OK");
  });
});
