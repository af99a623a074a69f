// `getOrSet`: creates a missing value once, for all concurrent callers.

import { connect, MemoryStore, Store } from "omnikv";
import { assert, fails, onAll } from "./support.js";

export const getOrSet = {
  "creates a missing value and returns an existing one": onAll(async (open) => {
    const kv = await open({ serializer: "json" });
    let made = 0;
    const make = () => ({ made: ++made });
    assert.deepEqual(await kv.getOrSet("k", make, { ttl: 60 }), { made: 1 });
    assert.equal(await kv.ttl("k"), 60);
    assert.deepEqual(await kv.getOrSet("k", make), { made: 1 });
    assert.deepEqual(await kv.getOrSet("k", make, { as: "text" }), '{"made":1}');
    assert.equal(made, 1);
    await kv.set("null", null);
    assert.isNull(await kv.getOrSet("null", make), "a JSON null is a value");
    assert.isNull(await kv.getOrSet("made-null", () => null));
    assert.isTrue(await kv.exists("made-null"));
    assert.equal(made, 1);
  }),

  "returns what `get` would": onAll(async (open) => {
    const text = await open({ defaultTtl: 30 });
    assert.strictEqual(await text.getOrSet("n", () => 42), "42");
    assert.equal(await text.ttl("n"), 30, "the default TTL");
    assert.deepEqual(await text.getOrSet("b", () => Uint8Array.of(255), { as: "bytes" }), Uint8Array.of(255));
    await fails(() => text.getOrSet("b", () => "x"), { code: "invalid-value", op: "getOrSet" });
    const json = await open({ serializer: "json" });
    const epoch = "1970-01-01T00:00:00.000Z";
    assert.equal(await json.getOrSet("date", () => new Date(0)), epoch);
    assert.equal(await json.getOrSet("date", () => new Date(0)), epoch);
  }),

  "refuses what would wait for itself, and names the keys": async () => {
    const kv = await connect("memory:");
    const other = kv.withPrefix("p");
    const refused = (road) => ({
      code: "invalid-argument",
      message: `getOrSet (make) would wait for itself: ${road}`,
    });
    const make = () => "made";
    await fails(() => kv.getOrSet("k", () => kv.getOrSet("k", make)), refused('"k" asks for itself'));
    await fails(
      () => kv.getOrSet("a", () => other.getOrSet("b", () => kv.getOrSet("a", make))),
      refused('"p:b" asks for "a" asks for "p:b"'),
    );
    await fails(
      () => kv.getOrSet("a", () => kv.getOrSet("b", () => kv.getOrSet("c", () => kv.getOrSet("a", make)))),
      refused('"c" asks for "a" asks for "b" asks for "c"'),
    );
    // Nothing is left of them.
    assert.equal(await kv.getOrSet("a", make), "made");
    assert.equal(await kv.getOrSet("b", () => kv.getOrSet("a", make)), "made");
    assert.equal(await kv.getOrSet("k", async () => `${await kv.getOrSet("c", make)}!`), "made!");
    await kv.close();
  },

  "waits so long at most for what another caller makes": async () => {
    const kv = await connect("memory:");
    let finish;
    const first = kv.getOrSet("k", () => new Promise((resolve) => (finish = resolve)));
    await fails(() => kv.getOrSet("k", () => "other", { wait: "5ms" }), {
      code: "timeout",
      op: "getOrSet",
    });
    await fails(() => kv.getOrSet("k", () => "other", { wait: -1 }), { code: "invalid-argument" });
    const second = kv.getOrSet("k", () => "other", { wait: "1h" });
    finish("made");
    assert.deepEqual(await Promise.all([first, second]), ["made", "made"]);
    await kv.close();
  },

  "runs once however many wait, and each has a value of its own": async () => {
    const kv = await connect("memory:", { serializer: "json" });
    let made = 0;
    let finish;
    const slow = () => {
      made++;
      return new Promise((resolve) => {
        finish = () => resolve({ list: [] });
      });
    };
    const waiting = Array.from({ length: 20 }, () => kv.getOrSet("k", slow));
    while (made === 0) await kv.exists("k");
    waiting.push(kv.getOrSet("k", slow));
    finish();
    const values = await Promise.all(waiting);
    assert.equal(made, 1);
    assert.lengthOf(values, 21);
    values[0].list.push("mine");
    assert.deepEqual(values[1], { list: [] });
  },

  "runs once for handles that share a connection, by full key": onAll(async (open) => {
    const kv = await open({ prefix: "app" });
    if (!(kv instanceof Store)) return;
    let made = 0;
    const slow = async () => {
      const number = ++made;
      await kv.exists("k");
      return `made ${number}`;
    };
    const handles = [kv.withPrefix("u"), kv.withPrefix("u:"), kv.withPrefix("").withPrefix("u")];
    const waiting = handles.map((handle, index) => handle.getOrSet("a", slow, { ttl: 10 * (index + 1) }));
    waiting.push(kv.getOrSet("u:a", slow));
    assert.deepEqual(await Promise.all(waiting), Array(4).fill("made 1"));
    assert.equal(await kv.ttl("u:a"), 10, "the first caller's");
    assert.deepEqual(await Promise.all([kv.getOrSet("a", slow), kv.withPrefix("v").getOrSet("a", slow)]), [
      "made 2",
      "made 3",
    ]);
  }),

  "continues when the creating handle is closed": async () => {
    const kv = await connect("memory:");
    const [one, two] = [kv.withPrefix("u"), kv.withPrefix("u")];
    const closing = one.getOrSet("a", async () => {
      await one.close();
      return "mine";
    });
    const waiting = two.getOrSet("a", () => "theirs");
    await fails(() => closing, "closed");
    assert.equal(await waiting, "theirs");
    await fails(() => one.getOrSet("a", () => "x"), "closed");
  },

  "a concurrent del goes unnoticed": async () => {
    const kv = await connect("memory:");
    await kv.getOrSet("k", async () => {
      await kv.del("k");
      return "made";
    });
    assert.equal(await kv.get("k"), "made");
  },

  "an error reaches every caller, and nothing is stored": async () => {
    const kv = await connect("memory:");
    let tried = 0;
    const broken = async () => {
      tried++;
      throw new RangeError("no database");
    };
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => kv.getOrSet("k", broken)));
    for (const { reason } of outcomes) assert.instanceOf(reason, RangeError);
    assert.equal(tried, 1);
    assert.isFalse(await kv.exists("k"));
    assert.equal(await kv.getOrSet("k", () => "fine"), "fine");

    const sync = new MemoryStore();
    assert.throws(
      () =>
        sync.getOrSet("k", () => {
          throw new RangeError("no database");
        }),
      RangeError,
    );
    assert.isFalse(sync.exists("k"));
  },

  "keeps a value that others have written meanwhile": async () => {
    const kv = await connect("memory:");
    const value = await kv.getOrSet("k", async () => {
      await kv.set("k", "theirs");
      return "mine";
    });
    assert.equal(value, "theirs");
    assert.equal(await kv.get("k"), "theirs");
  },

  "reports errors": onAll(async (open) => {
    const kv = await open();
    await kv.rpush("list", 1);
    const wrong = (message) => ({ code: "invalid-argument", op: "getOrSet", message });
    await fails(() => kv.getOrSet("k"), wrong("getOrSet expects 2 or 3 arguments, got 1"));
    await fails(() => kv.getOrSet(5, () => 1), wrong("getOrSet (key) expects a string, got number"));
    await fails(() => kv.getOrSet("k", "v"), wrong("getOrSet (make) expects a function, got string"));
    await fails(() => kv.getOrSet("k", () => undefined), wrong(/^getOrSet \(value\) .*got undefined$/));
    await fails(() => kv.getOrSet("k", () => null), wrong(/^getOrSet \(value\) .*got null$/));
    await fails(() => kv.getOrSet("k", () => 1, { ttl: -1 }), wrong(/\(ttl\)/));
    await fails(() => kv.getOrSet("k", () => 1, { as: "json" }), wrong(/\(as\)/));
    await fails(() => kv.getOrSet("list", () => 1), "wrong-type");
    await kv.close();
    await fails(() => kv.getOrSet("k", () => 1), "closed");
    const sync = new MemoryStore();
    await fails(() => sync.getOrSet("k", async () => 1), wrong(/got Promise$/));
  }),
};
