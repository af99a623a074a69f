// Values round-trip: numbers, bytes, text of every kind, and names that are special for objects.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, MemoryStore } from "omnikv";

const MAX = 2n ** 63n - 1n;

describe("values", () => {
  const kv = new MemoryStore();

  it("are stored as their text", () => {
    for (const [value, text] of [
      ["Alice", "Alice"],
      [42, "42"],
      [-0, "0"],
      [3.14, "3.14"],
      [1e21, "1e+21"],
      [true, "true"],
      [2n ** 70n, "1180591620717411303424"],
      ["", ""],
      ["\u0000", "\u0000"],
      ["\ufeffmark", "\ufeffmark"],
      ["é 漢 😀", "é 漢 😀"],
    ]) {
      kv.set("v", value);
      assert.equal(kv.get("v"), text);
    }
  });

  it("of every length round-trip, in ASCII and not", () => {
    for (const length of [1, 23, 24, 25, 1000, 65_535, 65_536, 65_537, 300_000]) {
      for (const letter of ["a", "é", "漢", "😀"]) {
        const text = letter.repeat(length);
        kv.set("long", text);
        assert.equal(kv.get("long"), text, `${length} times ${letter}`);
      }
    }
  });

  it("as bytes are copies, from any view", () => {
    const buffer = Uint8Array.of(1, 2, 255, 4, 5);
    kv.set("b", buffer.subarray(1, 4));
    buffer.fill(0);
    const read = kv.getBytes("b");
    assert.deepEqual(read, Uint8Array.of(2, 255, 4));
    read.fill(9);
    assert.deepEqual(kv.getBytes("b"), Uint8Array.of(2, 255, 4));
    kv.set("b", Buffer.from("text"));
    assert.equal(kv.get("b"), "text");
    assert.equal(kv.getBytes("b").constructor, Uint8Array);
  });

  it("that are not UTF-8 are rejected as text, not replaced", () => {
    kv.set("raw", Uint8Array.of(0xff));
    assert.throws(() => kv.get("raw"), { code: "invalid-value", op: "get" });
    assert.deepEqual(kv.get("raw", { as: "bytes" }), Uint8Array.of(0xff));
    assert.equal(kv.get("none", { as: "bytes" }), null);
  });

  it("have a default if missing", () => {
    assert.equal(kv.get("none", { default: "there" }), "there");
    assert.equal(kv.get("none", { default: 0 }), 0);
    assert.equal(kv.get("none", { default: undefined }), null);
    kv.set("some", "");
    assert.equal(kv.get("some", { default: "there" }), "");
  });
});

describe("integers", () => {
  const kv = new MemoryStore({ integers: "bigint" });

  it("are numbers while that is exact; beyond, the change is made and the error has the sum", () => {
    const beyond = (sum) => ({ code: "invalid-value", maybeApplied: true, text: String(sum) });
    const numbers = new MemoryStore();
    numbers.set("n", Number.MAX_SAFE_INTEGER - 1);
    assert.equal(numbers.incr("n"), Number.MAX_SAFE_INTEGER);
    assert.throws(() => numbers.incr("n"), beyond(2n ** 53n));
    assert.throws(() => numbers.incr("n"), beyond(2n ** 53n + 1n));
    assert.equal(numbers.get("n"), String(2n ** 53n + 1n));
    assert.equal(numbers.decrby("n", 2), Number.MAX_SAFE_INTEGER);
    numbers.set("n", -(2n ** 53n));
    assert.throws(() => numbers.decr("n"), beyond(-(2n ** 53n) - 1n));
    const [sum] = numbers.pipeline().decr("n").exec();
    assert.equal(sum.text, String(-(2n ** 53n) - 2n));
  });

  it("cover 64 bits, and no more", () => {
    kv.set("n", 0);
    assert.equal(kv.incrby("n", MAX), MAX);
    assert.throws(() => kv.incr("n"), { code: "invalid-value" });
    assert.equal(kv.get("n"), String(MAX));
    kv.set("n", 0);
    assert.equal(kv.decrby("n", MAX), -MAX);
    assert.equal(kv.decr("n"), -MAX - 1n);
    assert.throws(() => kv.decr("n"), { code: "invalid-value" });
  });
});

describe("names that are special for objects", () => {
  const kv = new MemoryStore();
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "10", "9", ""];

  it("are ordinary fields", () => {
    for (const name of names) assert.equal(kv.hset("h", name, `of ${name}`), true);
    const all = kv.hgetall("h");
    assert.equal(Object.getPrototypeOf(all), Object.prototype);
    assert.deepEqual(Object.getOwnPropertyDescriptor(all, "__proto__")?.value, "of __proto__");
    assert.deepEqual(new Set(Object.keys(all)), new Set(names));
    for (const name of names) assert.equal(all[name], `of ${name}`);
    assert.deepStrictEqual(kv.hgetall("none"), {});
    kv.hset("plain", { a: 1, b: 2 });
    assert.deepStrictEqual(kv.hgetall("plain"), { a: "1", b: "2" });
  });

  it("can be given as objects, Maps and pairs", () => {
    const pairs = names.map((name) => [name, 1]);
    for (const given of [Object.fromEntries(pairs), new Map(pairs), pairs, new Map(pairs).entries()]) {
      kv.del("h");
      assert.equal(kv.hset("h", given), names.length);
    }
    const keys = names.slice(0, -1).map((name) => [name, true]);
    assert.equal(kv.mset(Object.fromEntries(keys)), "OK");
    assert.equal(kv.get("__proto__"), "true");
  });
});

describe("many arguments", () => {
  const kv = new MemoryStore();

  it("can be given separately and as an array", () => {
    assert.equal(kv.rpush("l", "a", "b"), 2);
    assert.equal(kv.rpush("l", ["c", 4]), 4);
    assert.deepEqual(kv.lrange("l", 0, -1), ["a", "b", "c", "4"]);
    kv.mset({ a: 1, b: 2, c: 3 });
    const json = new MemoryStore({ serializer: "json" });
    assert.equal(json.rpush("l", [1, 2]), 2);
    assert.equal(json.rpush("l", [[1, 2]]), 3);
    assert.equal(json.rpush("l", [1], [2]), 5);
    assert.deepEqual(json.lrange("l", 0, -1), [1, 2, [1, 2], [1], [2]]);
    assert.equal(json.sadd("s", [[1, 2]]), 1);
    assert.deepEqual(json.smembers("s"), [[1, 2]]);
    assert.deepEqual(kv.mget("a", "nope"), ["1", null]);
    assert.deepEqual(kv.mget(["a", "b"]), ["1", "2"]);
    assert.deepEqual(kv.mget("a", { as: "bytes" }), [Uint8Array.of(0x31)]);
    assert.deepEqual(kv.mget([]), []);
    assert.equal(kv.del("a", "b"), 2);
    assert.equal(kv.del(["c", "l"]), 2);
    assert.equal(kv.del(), 0);
  });

  it("come in any number, or are refused with a word on how they can", async () => {
    const words = Array.from({ length: 80_000 }, (_, index) => `word ${index}`);
    const stores = [new MemoryStore(), await connect("memory:")];
    for (const [index, store] of stores.entries()) {
      assert.equal(await store.rpush("l", words), words.length);
      const isPushed = (async () => store.rpush("l", ...words))().then(
        (length) => length === 2 * words.length,
        ({ code, message }) => code === "invalid-argument" && message.includes("as one array"),
      );
      assert(await isPushed, `store ${index}`);
    }
  });
});

describe("times to live", () => {
  let now = 1_700_000_000_000;
  const kv = new MemoryStore({ clock: () => now, defaultTtl: "1h" });

  it("are seconds, or a number with a unit", () => {
    for (const [ttl, ms] of [
      [60, 60_000],
      [0.25, 250],
      [0.07, 70],
      [0.0001, 1],
      ["500ms", 500],
      ["30s", 30_000],
      ["1.5s", 1_500],
      ["5m", 300_000],
      ["2h", 7_200_000],
      ["1d", 86_400_000],
      [0, -1],
      [null, -1],
      [undefined, 3_600_000],
    ]) {
      kv.set("k", "v", { ttl });
      assert.equal(kv.pttl("k"), ms, `ttl ${ttl}`);
    }
    kv.set("k", "v", { ttlMs: 5 });
    assert.equal(kv.pttl("k"), 5);
    kv.set("k", "v", { expireAt: new Date(now + 1000) });
    assert.equal(kv.pttl("k"), 1000);
    kv.set("k", "v", { expireAt: now + 2000 });
    assert.equal(kv.pttl("k"), 2000);
    kv.set("k", "w", { keepTtl: true });
    assert.equal(kv.pttl("k"), 2000);
    assert.equal(kv.mset({ k: 1 }, { ttl: 7 }), "OK");
    assert.equal(kv.ttl("k"), 7);
    assert.equal(kv.expire("k", "5m"), true);
    assert.equal(kv.ttl("k"), 300);
    assert.equal(kv.expireat("k", new Date(now + 9_000)), true);
    assert.equal(kv.ttl("k"), 9);
    now += 9_000;
    assert.equal(kv.get("k"), null);
  });
});
