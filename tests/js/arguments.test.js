// Errors about wrong arguments: from both stores, with the seeds' messages, and as rejections where a promise is
// expected.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, KvError, MemoryStore } from "omnikv";

const wrong = [
  [(kv) => kv.get(5), "get (key) expects a string, got number"],
  [(kv) => kv.get(), "get expects 1 or 2 arguments, got 0"],
  [(kv) => kv.get("a", {}, 1), "get expects 1 or 2 arguments, got 3"],
  [(kv) => kv.get(""), "get (key) expects a non-empty string"],
  [(kv) => kv.get(null), "get (key) expects a string, got null"],
  [(kv) => kv.get(["a"]), "get (key) expects a string, got array"],
  [(kv) => kv.get("\ud800"), "get (key) expects well-formed text, got a lone surrogate"],
  [(kv) => kv.get("a", { as: "json" }), 'get (as) expects "text" or "bytes"'],
  [(kv) => kv.get("a", "bytes"), "get (options) expects an object, got string"],
  [(kv) => kv.set("a"), "set expects 2 or 3 arguments, got 1"],
  [
    (kv) => kv.set("a", undefined),
    "set (value) expects a string, number, bigint, boolean or Uint8Array, got undefined",
  ],
  [
    (kv) => kv.set("a", { b: 1 }),
    'set (value) expects a string, number, bigint, boolean or Uint8Array, got Object; use serializer: "json" to store objects',
  ],
  [(kv) => kv.set("a", "\udc00"), "set (value) expects well-formed text, got a lone surrogate"],
  [(kv) => kv.set("a", "b", { tll: 5 }), /^set \(options\) has no "tll", but ttl, /],
  [(kv) => kv.set("a", "b", { ttl: -1 }), "set (ttl) expects no negative time"],
  [
    (kv) => kv.set("a", "b", { ttl: "soon" }),
    'set (ttl) expects seconds or a duration such as "5m", got other text',
  ],
  [(kv) => kv.set("a", "b", { ttl: Number.NaN }), "set (ttl) expects a finite length of time"],
  [(kv) => kv.set("a", "b", { ttl: 5, keepTtl: true }), "set (options) takes only one of ttl and keepTtl"],
  [
    (kv) => kv.set("a", "b", { ttl: 5, expireAt: new Date() }),
    "set (options) takes only one of ttl and expireAt",
  ],
  [(kv) => kv.set("a", "b", { nx: true, xx: true }), "set (options) takes only one of nx and xx"],
  [(kv) => kv.set("a", "b", { nx: 1 }), "set (nx) expects true or false, got number"],
  [(kv) => kv.set("a", "b", { expireAt: new Date(Number.NaN) }), "set (expireAt) expects a valid moment"],
  [
    (kv) => kv.set("a", "b", { expireAt: 1_764_500_000 }),
    "set (expireAt) expects a Date or milliseconds since 1970, got what looks like seconds or a duration: pass a Date, or use ttl",
  ],
  [
    (kv) => kv.set("a", "b", { expireAt: "tomorrow" }),
    "set (expireAt) expects a Date or milliseconds, got string",
  ],
  [(kv) => kv.incrby("n", 1.5), "incrby (by) expects an integer, got a fraction"],
  [(kv) => kv.incrby("n", 2 ** 60), "incrby (by) expects a bigint beyond 2^53, got number"],
  [(kv) => kv.incrby("n", 2n ** 63n), "incrby (by) expects an integer of 64 bits"],
  [
    (kv) => kv.incrbyfloat("n", Number.POSITIVE_INFINITY),
    "incrbyfloat (by) expects a finite number, got Infinity",
  ],
  [(kv) => kv.lpush("q"), "lpush expects at least 2 arguments, got 1"],
  [(kv) => kv.lpush("q", []), "lpush (values) expects at least one value"],
  [(kv) => kv.lmove("a", "b", "top", "left"), 'lmove (fromSide) expects "left" or "right", got string'],
  [(kv) => kv.linsert("l", "over", "a", "b"), 'linsert (where) expects "before" or "after", got string'],
  [(kv) => kv.hset("h", "f"), "hset (fields) expects an object, a Map or pairs, got string"],
  [(kv) => kv.mset([["a"]]), "mset (keys) expects pairs of two, got array"],
  [
    (kv) => kv.mset({ a: null }),
    "mset (value) expects a string, number, bigint, boolean or Uint8Array, got null",
  ],
  [(kv) => kv.bitop("nand", "d", "a"), /^bitop \(operation\) expects "and" or "or" or /],
  [(kv) => kv.bitfield("k", "get"), "bitfield (operations) expects an array, got string"],
  [(kv) => kv.bitfield("k", ["get"]), "bitfield (operations) expects arrays, got string"],
  [(kv) => kv.bitfield("k", [["get", "u8"]]), "bitfield (operations) expects 2 arguments of get, got 1"],
  [(kv) => kv.bitfield("k", [["get", "u64", 0]]), "bitfield (type) expects i1 to i64 or u1 to u63"],
  [(kv) => kv.bitcount("k", 0), "bitcount is missing argument (end)"],
  [(kv) => kv.bitpos("k", 2), "bitpos (bit) expects 0 or 1"],
  [(kv) => kv.pfcount(), "pfcount (keys) expects at least one key"],
  [(kv) => kv.sinter([]), "sinter (keys) expects at least one key"],
  [(kv) => kv.scan("x"), /^scan \(cursor\) /],
  [(kv) => kv.scan("0", { type: "soup" }), /^scan \(type\) expects "string" or "list"/],
  [(kv) => kv.expire("k", 5, { nx: true, gt: true }), /^expire \(options\) expects only one of/],
  [(kv) => kv.del("a", 5), "del (key) expects a string, got number"],
  [(kv) => kv.stats(1), "stats expects 0 arguments, got 1"],
];

describe("wrong arguments", async () => {
  const sync = new MemoryStore();
  const kv = await connect("memory:");

  for (const [call, message] of wrong) {
    it(String(message), async () => {
      const expected = {
        name: "KvError",
        code: "invalid-argument",
        message,
        retryable: false,
        maybeApplied: false,
      };
      assert.throws(() => call(sync), expected);
      let promise;
      assert.doesNotThrow(() => {
        promise = call(kv);
      }, "a Store throws in place");
      await assert.rejects(promise, expected);
    });
  }

  it("a value that is not a finite number is rejected", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => sync.set("a", value), {
        code: "invalid-argument",
        message: `set (value) expects a finite number, got ${value}`,
      });
    }
  });

  it("an error is an Error with all details", () => {
    sync.set("text", "x");
    assert.throws(
      () => sync.hincrby("text", "f", 1),
      (error) => {
        assert(error instanceof KvError && error instanceof Error);
        assert.deepEqual(
          { ...error },
          {
            code: "wrong-type",
            op: "hincrby",
            backend: "memory",
            retryable: false,
            maybeApplied: false,
          },
        );
        assert.match(error.message, /^hincrby /);
        assert.match(error.stack, /^KvError: hincrby /);
        return true;
      },
    );
  });

  it("a message never holds the user's value", () => {
    for (const call of [
      () => sync.incrby("text", "secret"),
      () => sync.expire("text", "secret"),
      () => sync.set("a", "b", { ttl: "secret" }),
      () => sync.lmove("a", "b", "secret", "left"),
      () => sync.scan("0", { type: "secret" }),
    ]) {
      assert.throws(call, (error) => error instanceof KvError && !error.message.includes("secret"));
    }
  });
});
