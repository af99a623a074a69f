// What serializers write, read, refuse, and leave alone.

import { connect, MemoryStore } from "omnikv";
import { structured } from "omnikv/structured";
import { assert, collect, fails, onAll, utf8 } from "./support.js";

const alice = { id: 1, name: "Alice", tags: ["a", "b"], address: { city: "Oslo" }, email: null };

export const serializers = {
  "json: values are what they were, in every operation that holds values": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    await kv.set("user", alice);
    assert.deepEqual(await kv.get("user"), alice);
    assert.equal(await kv.get("user", { as: "text" }), JSON.stringify(alice));
    assert.deepEqual(await kv.get("user", { as: "bytes" }), utf8(JSON.stringify(alice)));
    assert.deepEqual(await kv.getBytes("user"), utf8(JSON.stringify(alice)));
    for (const value of [0, -1.5, "", "text", true, false, null, [], {}, [1, [2]], "ünï"]) {
      await kv.set("v", value);
      assert.deepEqual(await kv.get("v"), value);
    }
    assert.deepEqual(await kv.getSet("user", { id: 2 }), alice);
    assert.deepEqual(await kv.set("user", 5, { get: true }), { id: 2 });
    assert.equal(await kv.getEx("user", { ttl: 5 }), 5);
    assert.equal(await kv.getDel("user"), 5);

    await kv.mset({ a: { n: 1 }, b: [2] });
    assert.deepEqual(await kv.mget("a", "none", "b"), [{ n: 1 }, null, [2]]);
    assert.isFalse(await kv.msetNx({ a: 1, c: 1 }));
    await kv.sadd("s", 1);
    assert.deepEqual(await kv.range("a"), [["a", { n: 1 }]]);
    assert.deepEqual(await kv.range("s"), [["s", null]]);

    await kv.rpush("list", { n: 1 }, { n: 2 }, { n: 3 });
    assert.deepEqual(await kv.lrange("list", 0, -1), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    assert.equal(await kv.lpos("list", { n: 2 }), 1);
    await kv.lset("list", 0, "first");
    assert.equal(await kv.linsert("list", "after", { n: 2 }, [9]), 4);
    assert.equal(await kv.lrem("list", 0, { n: 3 }), 1);
    assert.deepEqual(await kv.lindex("list", -1), [9]);
    assert.deepEqual(await kv.lmove("list", "other", "right", "left"), [9]);
    assert.equal(await kv.lpop("list"), "first");
    assert.deepEqual(await kv.rpop("list", 5), [{ n: 2 }]);

    await kv.hset("hash", "field", { n: 1 });
    await kv.hset("hash", { other: [1], third: null });
    assert.isFalse(await kv.hsetNx("hash", "other", 5));
    assert.deepEqual(await kv.hget("hash", "field"), { n: 1 });
    assert.deepEqual(await kv.hmget("hash", "other", "none"), [[1], null]);
    assert.deepEqual({ ...(await kv.hgetall("hash")) }, { field: { n: 1 }, other: [1], third: null });
    assert.deepEqual((await kv.hkeys("hash")).sort(), ["field", "other", "third"]);
    assert.deepEqual((await kv.hrandField("hash", 9, { withValues: true })).sort(), [
      ["field", { n: 1 }],
      ["other", [1]],
      ["third", null],
    ]);
    assert.include(["field", "other", "third"], await kv.hrandField("hash"));
    assert.deepEqual(new Map(await collect(kv.hscanIterator("hash"))).get("field"), { n: 1 });

    assert.equal(await kv.sadd("set", { a: 1 }, { a: 1 }, [1]), 2);
    assert.isTrue(await kv.sismember("set", { a: 1 }));
    assert.deepEqual(await kv.smismember("set", [[1], "no"]), [true, false]);
    assert.deepEqual(await kv.sinter("set", "set"), await kv.smembers("set"));
    assert.equal(await kv.srem("set", { a: 1 }), 1);
    assert.deepEqual(await collect(kv.sscanIterator("set")), [[1]]);
    assert.isTrue(await kv.smove("set", "away", [1]));
    assert.deepEqual(await kv.spop("away"), [1]);
  }),

  "json: null is a value, told from nothing by `default` and `exists`": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    await kv.set("null", null);
    assert.isNull(await kv.get("null"));
    assert.isNull(await kv.get("none"));
    assert.isNull(await kv.get("null", { default: "absent" }));
    assert.equal(await kv.get("none", { default: "absent" }), "absent");
    assert.isTrue(await kv.exists("null"));
  }),

  "text: a default stands for what does not exist, in each form": onAll(async (open) => {
    const kv = await open();
    await kv.set("k", "");
    assert.equal(await kv.get("k", { default: "absent" }), "");
    assert.equal(await kv.get("none", { default: 0 }), 0);
    assert.isNull(await kv.get("none", { as: "bytes", default: null }));
    assert.equal(await kv.get("k", { as: "text" }), "");
  }),

  "keys, fields and the operands of counters and ranges are never touched": onAll(async (open) => {
    for (const serializer of ["json", structured]) {
      const kv = await open({ serializer });
      assert.equal(await kv.incr("n"), 1);
      assert.equal(await kv.incrBy("n", 41), 42);
      assert.equal(await kv.incrByFloat("n", 0.5), "42.5");
      assert.equal(await kv.append("text", "abc"), 3);
      assert.equal(await kv.setRange("text", 1, "X"), 3);
      assert.equal(await kv.getRange("text", 0, -1), "aXc");
      assert.equal(await kv.strlen("text"), 3);
      assert.equal(await kv.hincrBy("h", "field", 5), 5);
      assert.deepEqual(await kv.hkeys("h"), ["field"]);
      assert.equal(await kv.hget("h", "field", { as: "text" }), "5");
      assert.deepEqual((await kv.keys("*")).sort(), ["h", "n", "text"]);
    }
    const kv = await open({ serializer: "json" });
    await kv.incr("n");
    assert.strictEqual(await kv.get("n"), 1);
    await kv.set("n", 5);
    assert.equal(await kv.incr("n"), 6);
  }),

  "what does not decode is an invalid value, and can be read as bytes": async () => {
    for (const serializer of ["json", structured]) {
      const text = await connect("memory:undecodable");
      const kv = await connect("memory:undecodable", { serializer });
      await text.set("k", "a secret, no JSON");
      await text.rpush("l", "secret");
      const name = serializer === "json" ? "json" : "structured";
      const message = `get found a value that is not ${name}: read it with { as: "bytes" }`;
      await fails(() => kv.get("k"), { code: "invalid-value", op: "get", message });
      await fails(() => kv.lrange("l", 0, -1), { code: "invalid-value", op: "lrange" });
      assert.deepEqual(await kv.get("k", { as: "bytes" }), utf8("a secret, no JSON"));
      assert.equal(await kv.get("k", { as: "text" }), "a secret, no JSON");
      const [failed, length] = await kv.pipeline().get("k").strlen("k").exec();
      assert.equal(failed.code, "invalid-value");
      assert.equal(length, 17);
      await text.set("k", Uint8Array.of(0xff));
      await fails(() => kv.get("k"), { code: "invalid-value", message: /UTF-8/ });
      await text.close();
      await kv.close();
    }
  },

  "json: what it would lose is refused, by argument and kind": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    const cycle = { name: "secret" };
    cycle.self = { cycle };
    for (const [value, why] of [
      [undefined, "it is undefined"],
      [() => "secret", "it is a function"],
      [{ a: [() => 1] }, "it holds a function"],
      [Symbol("secret"), "it is a symbol"],
      [{ a: Symbol("secret") }, "it holds a symbol"],
      [10n, "it is a bigint, which the structured serializer takes"],
      [[1, 2n], "it holds a bigint, which the structured serializer takes"],
      [cycle, "it holds a cycle, which the structured serializer takes"],
      [Number.NaN, "it is NaN, which the structured serializer takes"],
      [{ a: Number.POSITIVE_INFINITY }, "it holds Infinity, which the structured serializer takes"],
      [[undefined], "it holds undefined"],
      // eslint-disable-next-line no-sparse-arrays
      [[1, , 2], "it holds undefined"],
      [new Map(), "it is a Map, which the structured serializer takes"],
      [{ a: new Set() }, "it holds a Set, which the structured serializer takes"],
      [new Uint8Array(1), "it is bytes, which the structured serializer takes"],
      [{ a: Promise.resolve() }, "it holds a promise"],
      [{ a: /secret/ }, "it holds a RegExp, which the structured serializer takes"],
      [new Error("secret"), "it is an Error"],
      [
        {
          toJSON() {
            throw new Error("secret");
          },
        },
        "its toJSON failed",
      ],
      [{ toJSON: () => undefined }, "its text is of type undefined"],
    ]) {
      const message = `set (value) cannot be written as json: ${why}`;
      await fails(() => kv.set("k", value), { code: "invalid-argument", op: "set", message });
    }
    assert.isFalse(await kv.exists("k"));
    await fails(() => kv.sadd("s", 1, () => 1), { message: /^sadd \(member\) / });
    await fails(() => kv.hset("h", { f: 1n }), { message: /^hset \(value\) / });
    await fails(() => kv.linsert("l", "before", 1n, 1), { message: /^linsert \(pivot\) / });
    await fails(() => kv.compareAndSet("k", 1n, 1), { message: /^compareAndSet \(expected\) / });
    let deep = [];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    await fails(() => kv.set("k", deep), "invalid-argument");
  }),

  "json: what is no loss is written": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    class User {
      name = "Alice";
    }
    const twice = { n: 1 };
    await kv.set("k", { user: new User(), at: new Date(0), not: undefined, twice: [twice, twice] });
    assert.deepEqual(await kv.get("k"), {
      user: { name: "Alice" },
      at: "1970-01-01T00:00:00.000Z",
      twice: [{ n: 1 }, { n: 1 }],
    });
    await kv.set("k", JSON.parse('{"__proto__": 1}'));
    assert.isTrue(Object.hasOwn(await kv.get("k"), "__proto__"));
    await kv.set("k", "\ud800");
    assert.equal(await kv.get("k"), "\ud800", "JSON escapes lone surrogates");
  }),

  "structured: what JSON cannot": onAll(async (open) => {
    const kv = await open({ serializer: structured });
    const cycle = { name: "loop" };
    cycle.self = cycle;
    const value = {
      date: new Date(5),
      map: new Map([["k", new Set([1, "two"])]]),
      big: 2n ** 80n,
      regexp: /a+/gi,
      bytes: Uint8Array.of(0, 255),
      numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0],
      missing: undefined,
      cycle,
    };
    await kv.set("k", value);
    const found = await kv.get("k");
    assert.deepEqual({ ...found, cycle: null }, { ...value, cycle: null });
    assert.strictEqual(found.cycle.self, found.cycle);
    await kv.sadd("s", new Date(5), new Date(5), new Date(6));
    assert.equal(await kv.scard("s"), 2);
    await kv.set("null", null);
    assert.isNull(await kv.get("null", { default: 5 }));
    for (const refused of [undefined, () => 1, { a: Symbol("secret") }, new (class Secret {})()]) {
      await fails(() => kv.set("k", refused), {
        code: "invalid-argument",
        message: /^set \(value\) cannot be written as structured: (?!.*[sS]ecret)/,
      });
    }
  }),

  "conditions compare what is written": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    assert.isTrue(await kv.compareAndSet("k", null, { n: 1 }));
    assert.isFalse(await kv.compareAndSet("k", { n: 2 }, { n: 3 }));
    assert.isTrue(await kv.compareAndSet("k", { n: 1 }, { n: 2 }));
    assert.deepEqual(await kv.multi().check("k", { n: 2 }).set("k", [3]).get("k").exec(), ["OK", [3]]);
    await fails(() => kv.multi().check("k", { n: 2 }).set("k", 4).exec(), "conflict");
    assert.isFalse(await kv.compareAndDelete("k", [4]));
    assert.isTrue(await kv.compareAndDelete("k", [3]));
    await fails(() => kv.multi().check("k", 1n).exec(), { message: /^check \(expected\) / });
  }),

  "a serializer of one's own": onAll(async (open) => {
    const reversed = {
      name: "reversed",
      stringify: (value) => [...String(value)].reverse().join(""),
      parse: (text) => [...text].reverse().join(""),
    };
    const kv = await open({ serializer: reversed });
    await kv.set("k", "abc");
    assert.equal(await kv.get("k"), "abc");
    assert.equal(await kv.get("k", { as: "text" }), "cba");
  }),

  "an unknown serializer is refused, and the way to structured told": onAll(async (open) => {
    const refusal = (message) => ({ code: "invalid-argument", message });
    await fails(() => open({ serializer: "structured" }), refusal(/"omnikv\/structured"/));
    await fails(
      () => open({ serializer: "xml" }),
      refusal(/expects "text", "json" or a serializer, got other text$/),
    );
    await fails(() => open({ serializer: { name: "half" } }), refusal(/got Object$/));
  }),

  "one store holds what each handle's serializer writes": async () => {
    const json = await connect("memory:serializers", { serializer: "json" });
    const text = MemoryStore.connect("memory:serializers");
    await json.set("k", { a: 1 });
    assert.equal(text.get("k"), '{"a":1}');
    await json.close();
    text.close();
  },
};
