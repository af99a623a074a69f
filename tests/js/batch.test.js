// Pipelines and transactions: results, errors, and closing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, KvError, MemoryStore } from "omnikv";

for (const [name, open] of [
  ["Store", () => connect("memory:")],
  ["MemoryStore", () => new MemoryStore()],
]) {
  describe(`batches of a ${name}`, async () => {
    const kv = await open();

    it("answer in order, each with its own result or error", async () => {
      const results = await kv
        .pipeline()
        .set("a", "x")
        .incr("a")
        .get("")
        .lpush("q", 1, 2)
        .mget("a", "none")
        .get("a", { as: "bytes" })
        .lrange("q", 0, -1)
        .exec();
      assert.deepEqual(
        results.map((result) => (result instanceof KvError ? [result.code, result.op] : result)),
        [
          "OK",
          ["invalid-value", "incr"],
          ["invalid-argument", "get"],
          2,
          ["x", null],
          Uint8Array.of(0x78),
          ["2", "1"],
        ],
      );
    });

    it("continue after each kind of reply", async () => {
      const found = await kv
        .pipeline()
        .sadd("kinds", "m")
        .smismember("kinds", ["m", "none"])
        .sscan("kinds", "0")
        .get("none")
        .smembers("kinds")
        .exec();
      assert.deepEqual(found, [1, [true, false], { cursor: "0", members: ["m"] }, null, ["m"]]);
    });

    it("continue after a reply that cannot be read as text", async () => {
      await kv.set("raw", Uint8Array.of(0xff));
      const results = await kv.pipeline().get("raw").rpush("l", "a", "b").lrange("l", 0, -1).get("a").exec();
      assert.equal(results[0].code, "invalid-value");
      assert.deepEqual(results.slice(1), [2, ["a", "b"], "x"]);
    });

    it("can be empty, and are empty after running", async () => {
      assert.deepEqual(await kv.pipeline().exec(), []);
      assert.deepEqual(await kv.multi().exec(), []);
      const chain = kv.pipeline().incr("once");
      assert.deepEqual(await chain.exec(), [1]);
      assert.deepEqual(await chain.exec(), []);
    });

    it("run as one in a transaction", async () => {
      assert.deepEqual(await kv.multi().incr("n").expire("n", 60).exec(), [1, true]);
    });

    it("keep the effects beside a failing operation in a transaction", async () => {
      const results = await kv.multi().set("s", 1).lpush("s", "x").set("t", 2).exec();
      assert.deepEqual([results[0], results[1].code, results[2]], ["OK", "wrong-type", "OK"]);
      assert.deepEqual(await kv.mget("s", "t"), ["1", "2"]);
    });

    it("do not run at all when an operation of a transaction is malformed", async () => {
      const before = await kv.get("s");
      const chain = kv.multi().set("s", "changed").get(5);
      await assert.rejects(async () => chain.exec(), { code: "invalid-argument", op: "get" });
      assert.equal(await kv.get("s"), before);
    });

    it("do not run when a check fails", async () => {
      await kv.set("guard", "1");
      await kv.del("absent");
      assert.deepEqual(await kv.multi().check("guard", 1).check("absent", null).set("x", "y").exec(), ["OK"]);
      const conflict = { code: "conflict", op: "multi" };
      await assert.rejects(async () => kv.multi().check("guard", "2").set("x", "z").exec(), conflict);
      await assert.rejects(async () => kv.multi().set("x", "z").check("guard", null).exec(), conflict);
      await assert.rejects(async () => kv.multi().check("absent", "").set("x", "z").exec(), conflict);
      await assert.rejects(async () => kv.multi().check(5, "").exec(), {
        code: "invalid-argument",
        op: "check",
      });
      assert.equal(await kv.get("x"), "y");
    });

    it("answer closed after close", async () => {
      const other = await open();
      const chain = other.pipeline().get("a");
      await other.close();
      await assert.rejects(async () => chain.exec(), { code: "closed" });
    });
  });
}
