// What serializers write, read, reject, and leave unchanged.

import { connect, MemoryStore } from "omnikv";
import { structured } from "omnikv/structured";
import { assert, collect, fails, onAll, randomness, utf8 } from "./support.js";

const alice = { id: 1, name: "Alice", tags: ["a", "b"], address: { city: "Oslo" }, email: null };

/** A finite number: with random bits, an integer of any length, or a decimal. */
function number64(random) {
  const [kind, first, second] = [random() % 3, random(), random()];
  if (kind === 0) return (first * 2 ** 32 + second) * (first % 2 === 0 ? 1 : -1);
  if (kind === 1) return first / 10 ** (second % 12);
  const [number] = new Float64Array(Uint32Array.of(first, second).buffer);
  return Number.isFinite(number) ? number : number64(random);
}

export const serializers = {
  "json: values round-trip in every operation with values": onAll(async (open) => {
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
    assert.deepEqual(await kv.getset("user", { id: 2 }), alice);
    assert.deepEqual(await kv.set("user", 5, { get: true }), { id: 2 });
    assert.equal(await kv.getex("user", { ttl: 5 }), 5);
    assert.equal(await kv.getdel("user"), 5);

    await kv.mset({ a: { n: 1 }, b: [2] });
    assert.deepEqual(await kv.mget("a", "none", "b"), [{ n: 1 }, null, [2]]);
    assert.isFalse(await kv.msetnx({ a: 1, c: 1 }));
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
    assert.isFalse(await kv.hsetnx("hash", "other", 5));
    assert.deepEqual(await kv.hget("hash", "field"), { n: 1 });
    assert.deepEqual(await kv.hmget("hash", "other", "none"), [[1], null]);
    assert.deepEqual({ ...(await kv.hgetall("hash")) }, { field: { n: 1 }, other: [1], third: null });
    assert.deepEqual((await kv.hkeys("hash")).sort(), ["field", "other", "third"]);
    assert.deepEqual((await kv.hrandfield("hash", 9, { withValues: true })).sort(), [
      ["field", { n: 1 }],
      ["other", [1]],
      ["third", null],
    ]);
    assert.include(["field", "other", "third"], await kv.hrandfield("hash"));
    assert.deepEqual(new Map(await collect(kv.hscanIterator("hash"))).get("field"), { n: 1 });

    assert.equal(await kv.sadd("set", { a: 1 }, { a: 1 }, [1]), 2);
    assert.isTrue(await kv.sismember("set", { a: 1 }));
    assert.deepEqual(await kv.smismember("set", [[1], "no"]), [true, false]);
    assert.deepEqual(await kv.sinter("set", "set"), await kv.smembers("set"));
    assert.equal(await kv.srem("set", { a: 1 }), 1);
    assert.deepEqual(await collect(kv.sscanIterator("set")), [[1]]);
    assert.isTrue(await kv.smove("set", "away", [1]));
    assert.deepEqual(await kv.spop("away"), [1]);

    assert.equal(await kv.zadd("board", { score: 2, member: { id: 1 } }, { score: 1, member: [2] }), 2);
    assert.equal(await kv.zadd("board", 3, { id: 1 }), 0);
    assert.deepEqual(await kv.zrange("board", 0, -1, { withScores: true }), [
      [[2], 1],
      [{ id: 1 }, 3],
    ]);
    assert.equal(await kv.zscore("board", { id: 1 }), 3);
    assert.deepEqual(await kv.zmscore("board", [[2], "no"]), [1, null]);
    assert.equal(await kv.zincrby("board", 0.5, [2]), 1.5);
    assert.equal(await kv.zrevrank("board", { id: 1 }), 0);
    assert.deepEqual(await kv.zunion("board", "board"), [[2], { id: 1 }]);
    assert.deepEqual(await kv.zmpop(["none", "board"], "max"), ["board", [[{ id: 1 }, 3]]]);
    assert.deepEqual(await collect(kv.zscanIterator("board")), [[[2], 1.5]]);
    assert.deepEqual(await kv.zpopmin("board"), [[2], 1.5]);

    assert.isTrue(await kv.pfadd("seen", { id: 1 }, [2]));
    assert.isFalse(await kv.pfadd("seen", [{ id: 1 }, [2]]));
    assert.equal(await kv.pfcount("seen"), 2);
  }),

  "json: null is a value; `default` and `exists` tell it from a missing one": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    await kv.set("null", null);
    assert.isNull(await kv.get("null"));
    assert.isNull(await kv.get("none"));
    assert.isNull(await kv.get("null", { default: "absent" }));
    assert.equal(await kv.get("none", { default: "absent" }), "absent");
    assert.isTrue(await kv.exists("null"));
  }),

  "text: a default replaces a missing value, in each form": onAll(async (open) => {
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
      assert.equal(await kv.incrby("n", 41), 42);
      assert.equal(await kv.incrbyfloat("n", 0.5), "42.5");
      assert.equal(await kv.append("text", "abc"), 3);
      assert.equal(await kv.setrange("text", 1, "X"), 3);
      assert.equal(await kv.getrange("text", 0, -1), "aXc");
      assert.equal(await kv.strlen("text"), 3);
      assert.equal(await kv.hincrby("h", "field", 5), 5);
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

  "undecodable values are invalid values, and can be read as bytes": async () => {
    for (const serializer of ["json", structured]) {
      const text = await connect("memory:undecodable");
      const kv = await connect("memory:undecodable", { serializer });
      await text.set("k", "a secret, no JSON");
      await text.rpush("l", "secret");
      const name = serializer === "json" ? "json" : "structured";
      const message = `get found a value that is not ${name}, which { as: "bytes" } reads`;
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

  "json: numbers that JavaScript would change are invalid values anywhere": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    const message =
      /^get found a value that cannot be read as json: it holds a number .* \{ as: "bytes" \} reads$/;
    for (const number of [
      "9007199254740993",
      "-9007199254740993",
      "106242075399214372653",
      "1e400",
      "-1E+309",
    ]) {
      for (const json of [number, `[${number}]`, `{"a\\"": {"b": [1, ${number} ]}}`]) {
        await kv.del("k");
        await kv.append("k", json);
        await fails(() => kv.get("k"), { code: "invalid-value", op: "get", message });
        await fails(() => kv.update("k", (value) => value), "invalid-value");
        assert.equal(await kv.get("k", { as: "text" }), json);
        // In a string they are text.
        await kv.set("k", { [json]: json });
        assert.deepEqual(await kv.get("k"), { [json]: json });
      }
    }
    await kv.set("n", 2 ** 53 - 1);
    const beyond = {
      code: "invalid-value",
      op: "incr",
      maybeApplied: true,
      message: /^incr changed the value/,
    };
    await fails(() => kv.incr("n"), { ...beyond, text: "9007199254740992" });
    assert.equal(await kv.get("n"), 2 ** 53);
    await fails(() => kv.incr("n"), { ...beyond, text: "9007199254740993" });
    await fails(() => kv.get("n"), { code: "invalid-value", message });
    await fails(() => kv.incr("n"), { ...beyond, text: "9007199254740994" });
    assert.equal(await kv.get("n"), 2 ** 53 + 2);
    const [error] = await kv.multi().incr("n").exec();
    assert.equal(error.text, "9007199254740995");
    await fails(() => kv.multi().incr("n").exec({ throw: true }), { ...beyond, text: "9007199254740996" });
    await fails(() => kv.hincrby("h", "f", 2n ** 60n), { code: "invalid-value", text: String(2n ** 60n) });
  }),

  "counters give bigints where that was said, and nothing else does": onAll(async (open) => {
    const kv = await open({ integers: "bigint", serializer: "json" });
    assert.strictEqual(await kv.incr("n"), 1n);
    assert.strictEqual(await kv.incrby("n", 2n ** 53n), 2n ** 53n + 1n);
    assert.strictEqual(await kv.decr("n"), 2n ** 53n);
    assert.strictEqual(await kv.withPrefix("p").decrby("n", 5), -5n);
    assert.strictEqual(await kv.hincrby("h", "f", 2), 2n);
    assert.deepEqual(await kv.multi().incr("m").rpush("l", 1).exec({ throw: true }), [1n, 1]);
    assert.strictEqual(await kv.get("m"), 1);
    assert.strictEqual(await kv.strlen("m"), 1);
    await fails(() => open({ integers: "text" }), "invalid-argument");
  }),

  "json: every JavaScript number round-trips": onAll(async (open, backend) => {
    const kv = await open({ serializer: "json" });
    for (const [text, number] of [
      ["-159.71926187423477", -159.71926187423477],
      ["1e3", 1000],
      ["0.10", 0.1],
      ["0.30000000000000004", 0.30000000000000004],
      ["3.14159265358979323846", Math.PI],
      ["1152921504606846976", 2 ** 60],
      ["10000000000000000000000", 1e22],
      ["-0", -0],
    ]) {
      await kv.del("k");
      await kv.append("k", text);
      assert.isTrue(Object.is(await kv.get("k"), number), text);
    }
    // The sign of zero is not written.
    await kv.set("k", [-0]);
    assert.deepEqual(await kv.get("k"), [0]);
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const random = randomness(seed);
    for (let round = 0; round < (backend === "memory" ? 3_000 : 300); round++) {
      const number = number64(random);
      await kv.set("k", { number });
      const told = `${number}, seed ${seed}`;
      assert.isTrue(Object.is((await kv.get("k")).number, number === 0 ? 0 : number), told);
    }
  }),

  "json: values it would lose are rejected, by argument and kind": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    const cycle = { name: "secret" };
    cycle.self = { cycle };
    for (const [value, why] of [
      [undefined, "it is undefined"],
      [() => "secret", "it is a function"],
      [{ user: [1, { hook: () => "secret" }] }, "at .user[1].hook it holds a function"],
      [Symbol("secret"), "it is a symbol"],
      [{ a: Symbol("secret") }, "at .a it holds a symbol"],
      [10n, "it is a bigint, which the structured serializer takes"],
      [[1, 2n], "at [1] it holds a bigint, which the structured serializer takes"],
      [cycle, "at .self.cycle it holds a cycle, which the structured serializer takes"],
      [Number.NaN, "it is NaN, which the structured serializer takes"],
      [new Number(Number.NaN), "it is NaN, which the structured serializer takes"],
      [{ a: Number.POSITIVE_INFINITY }, "at .a it holds Infinity, which the structured serializer takes"],
      [{ a: new Date(Number.NaN) }, "at .a it holds an invalid Date"],
      [[undefined], "at [0] it holds undefined"],
      // eslint-disable-next-line no-sparse-arrays
      [[1, , 2], "at [] it holds undefined"],
      [new Map(), "it is an object of type Map, which the structured serializer takes"],
      [{ a: new Set() }, "at .a it holds an object of type Set, which the structured serializer takes"],
      [new Uint8Array(1), "it is bytes, which the structured serializer takes"],
      [{ a: Promise.resolve() }, "at .a it holds an object of type Promise"],
      [{ a: /secret/ }, "at .a it holds an object of type RegExp, which the structured serializer takes"],
      [new Error("secret"), "it is an object of type Error"],
      [new WeakMap(), "it is an object of type WeakMap"],
      [
        new URLSearchParams("a=secret"),
        "it is an object of type URLSearchParams, which the structured serializer takes",
      ],
      [new Headers({ a: "secret" }), "it is an object of type Headers"],
      [[1].values(), "it is an object of type Array Iterator"],
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

  "an error of a user's function is the cause, and not quoted": onAll(async (open) => {
    const secret = new Error("secret");
    const refuse = () => {
      throw secret;
    };
    const getter = Object.defineProperty({}, "a", { get: refuse, enumerable: true });
    for (const [serializer, value] of [
      ["json", getter],
      ["json", { toJSON: refuse }],
      [structured, getter],
      [{ name: "own", stringify: refuse, parse: JSON.parse }, 1],
    ]) {
      const kv = await open({ serializer });
      let error;
      try {
        await kv.set("k", value);
      } catch (thrown) {
        error = thrown;
      }
      assert.equal(error.code, "invalid-argument");
      assert.notInclude(error.message, "secret");
      assert.match(error.message, /^set \(value\) cannot be written as (json|structured|own): .*cause/);
      assert.strictEqual(error.cause, secret);
    }
    const own = {
      name: "own",
      stringify: () => {
        throw Object.assign(new Error("secret"), { refusal: "it is no date" });
      },
      parse: JSON.parse,
    };
    const kv = await open({ serializer: own });
    const message = "set (value) cannot be written as own: it is no date";
    await fails(() => kv.set("k", 1), { code: "invalid-argument", message });
  }),

  "removed values that could not be decoded are in the error": onAll(async (open) => {
    const broken = Uint8Array.of(0xff);
    for (const serializer of ["text", "json", structured]) {
      const kv = await open({ serializer });
      const spoil = {
        string: () => kv.append("k", broken),
        list: () => kv.load([{ key: "k", type: "list", value: [broken, "7"] }]),
        set: () => kv.load([{ key: "k", type: "set", value: [broken] }]),
      };
      for (const [type, take, bytes] of [
        ["string", () => kv.getdel("k"), broken],
        ["string", () => kv.getset("k", "x"), broken],
        ["string", () => kv.set("k", "x", { get: true }), broken],
        ["list", () => kv.lpop("k"), broken],
        ["list", () => kv.lpop("k", 2), [broken, utf8("7")]],
        ["list", () => kv.rpop("k", 2), [utf8("7"), broken]],
        ["set", () => kv.spop("k"), broken],
        ["set", () => kv.spop("k", 1), [broken]],
      ]) {
        await kv.del("k");
        await spoil[type]();
        let error;
        try {
          await take();
        } catch (thrown) {
          error = thrown;
        }
        assert.equal(error?.code, "invalid-value", String(take));
        assert.deepEqual(error.bytes, bytes);
        assert.notInclude(Object.keys(error), "bytes", "what is printed with the error");
      }
      await kv.del("k");
      await spoil.string();
      const [failed] = await kv.pipeline().getdel("k").exec();
      assert.deepEqual(failed.bytes, broken);
    }
    const kv = await open();
    await fails(() => kv.getdel(5), "invalid-argument");
    await kv.rpush("l", 1);
    let error;
    try {
      await kv.getdel("l");
    } catch (thrown) {
      error = thrown;
    }
    assert.equal(error.code, "wrong-type");
    assert.isUndefined(error.bytes);
  }),

  "json: harmless values are written": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    class User {
      name = "Alice";
    }
    const twice = { n: 1 };
    class Empty {}
    const url = new URL("http://localhost");
    const user = new User();
    await kv.set("k", {
      user,
      empty: new Empty(),
      url,
      at: new Date(0),
      not: undefined,
      twice: [twice, twice],
    });
    assert.deepEqual(await kv.get("k"), {
      user: { name: "Alice" },
      empty: {},
      url: "http://localhost/",
      at: "1970-01-01T00:00:00.000Z",
      twice: [{ n: 1 }, { n: 1 }],
    });
    await kv.set("k", JSON.parse('{"__proto__": 1}'));
    assert.isTrue(Object.hasOwn(await kv.get("k"), "__proto__"));
    await kv.set("k", "\ud800");
    assert.equal(await kv.get("k"), "\ud800", "JSON escapes lone surrogates");
  }),

  "structured: values that JSON cannot represent": onAll(async (open) => {
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

  "structured: numbers are plain text, so that counters and values mix": onAll(async (open) => {
    const kv = await open({ serializer: structured });
    for (const number of [0, -0, 5, -3, 0.1, 1e21, 1e-7, 2 ** 53, Number.NaN, Infinity, -Infinity]) {
      await kv.set("k", number);
      assert.deepEqual(await kv.get("k"), number);
      assert.isTrue(Object.is(await kv.get("k"), number), String(number));
    }
    for (let sum = -1; sum > -9; sum--) {
      assert.equal(await kv.decr("n"), sum);
      assert.strictEqual(await kv.get("n"), sum);
    }
    assert.strictEqual(await kv.update("n", (n) => n + 10), 2);
    assert.strictEqual(await kv.getOrSet("n", () => 0), 2);
    await kv.set("x", 1);
    assert.equal(await kv.incr("x"), 2);
    // A sum that no double represents, and other programs' texts, are not guessed.
    await fails(() => kv.incrby("big", 2n ** 53n + 1n), "invalid-value");
    await fails(() => kv.get("big"), "invalid-value");
    for (const text of ["", " 1", "0x10", "01", "1.0", "null", '"a"']) {
      await kv.del("other");
      await kv.append("other", text);
      await fails(() => kv.get("other"), "invalid-value");
    }
  }),

  "structured: rejected values and where they are": onAll(async (open) => {
    const kv = await open({ serializer: structured });
    for (const [value, why] of [
      [{ a: [{ b: () => 1 }] }, "it holds a function at .a[0].b"],
      [() => 1, "it is a function"],
      [Promise.resolve(), "it is a Promise or thenable"],
      [{ a: new (class Secret {})() }, "it holds an instance of a class at .a"],
      [{ m: new Map([["secret", () => 1]]) }, "it holds a function at .m"],
    ]) {
      const message = `set (value) cannot be written as structured: ${why}`;
      await fails(() => kv.set("k", value), { code: "invalid-argument", message });
    }
  }),

  "a field that is not text is read by hscan, as the error says": onAll(async (open) => {
    const kv = await open();
    const field = Uint8Array.of(0xff);
    await kv.hset("h", field, "v");
    const message = 'hgetall found bytes that are not UTF-8, which hscan with { as: "bytes" } reads';
    await fails(() => kv.hgetall("h"), { code: "invalid-value", message });
    await fails(() => kv.hgetall("h", { as: "bytes" }), { code: "invalid-value", message });
    assert.deepEqual(await collect(kv.hscanIterator("h", { as: "bytes" })), [[field, utf8("v")]]);
  }),

  "conditions compare serialized values": onAll(async (open) => {
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

  "a custom serializer": onAll(async (open) => {
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

  "an unknown serializer is rejected, with a hint at structured": onAll(async (open) => {
    const refusal = (message) => ({ code: "invalid-argument", message });
    await fails(() => open({ serializer: "structured" }), refusal(/"omnikv\/structured"/));
    await fails(
      () => open({ serializer: "xml" }),
      refusal(/expects "text", "json" or a serializer, got other text$/),
    );
    await fails(() => open({ serializer: { name: "half" } }), refusal(/got Object$/));
  }),

  "handles with different serializers share a store": async () => {
    const json = await connect("memory:serializers", { serializer: "json" });
    const text = MemoryStore.connect("memory:serializers");
    await json.set("k", { a: 1 });
    assert.equal(text.get("k"), '{"a":1}');
    await json.close();
    text.close();
  },
};
