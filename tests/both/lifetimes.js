// How long a store lives, who shares it, and how a closed handle behaves.

import { connect, MemoryStore, Store } from "omnikv";
import { assert, fails, onAll } from "./support.js";

const dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

export const lifetimes = {
  "private stores are new each time": async () => {
    const [a, b] = await Promise.all([connect("memory:"), connect(":memory:")]);
    assert.instanceOf(a, Store);
    await a.set("k", "a");
    assert.equal(await b.get("k"), null);
  },

  "stores with the same name are one, until every handle is closed": async () => {
    const one = await connect("memory:shared", { prefix: "app" });
    const two = MemoryStore.connect("memory:shared");
    await one.set("k", "v");
    assert.equal(two.get("app:k"), "v");
    await one.close();
    await one.close();
    assert.equal(two.get("app:k"), "v", "closing twice gives up one handle");
    two.close();
    const anew = await connect("memory:shared");
    assert.equal(await anew.get("app:k"), null, "the last handle took the entries along");
    await anew.close();
  },

  "options that contradict an open store's are rejected": async () => {
    const clock = () => 5;
    const kv = await connect("memory:strict", { maxBytes: 1000, clock });
    await fails(() => connect("memory:strict", { maxBytes: 2000 }), "invalid-argument");
    await fails(() => connect("memory:strict", { clock: () => 5 }), "invalid-argument");
    await (await connect("memory:strict", { maxBytes: 1000, clock })).close();
    await kv.close();
    await (await connect("memory:strict", { maxBytes: 2000 })).close();
  },

  "a failed connect does not keep a store": async () => {
    for (const open of [connect, MemoryStore.connect]) {
      const tooLong = { maxKeys: 1, maxKeyBytes: 2 ** 40 };
      await fails(() => open("memory:refused", tooLong), "invalid-argument");
      await (await open("memory:refused", { maxKeys: 2 })).close();
    }
  },

  "a store's clock cannot close it, and leaves the handle open": async () => {
    let closing;
    let refused;
    const clock = () => {
      const kv = closing;
      closing = undefined;
      try {
        kv?.close();
      } catch (error) {
        refused = error;
      }
      return 1_700_000_000_000;
    };
    const kv = MemoryStore.connect("memory:closed-by-its-clock", { clock });
    closing = kv;
    kv.set("k", "v", { ttl: 5 });
    assert.equal(refused?.code, "unsupported");
    assert.equal(kv.get("k"), "v");
    kv.close();
    const anew = MemoryStore.connect("memory:closed-by-its-clock");
    assert.isNull(anew.get("k"));
    anew.close();
  },

  "a closed store reports it, and closing again does nothing": onAll(async (open, backend) => {
    const kv = await open({});
    await kv.set("a", "1");
    const chain = kv.multi().get("a");
    assert.equal(await kv.close(), undefined);
    assert.equal(await kv.close(), undefined);
    const closed = { code: "closed", backend, retryable: false };
    await fails(() => kv.get("a"), { ...closed, op: "get" });
    await fails(() => kv.set("a", 1), { ...closed, op: "set" });
    await fails(() => kv.stats(), { ...closed, op: "stats" });
    await fails(() => kv.capabilities(), closed);
    await fails(() => chain.exec(), closed);
    await fails(() => kv.update("a", () => "2"), { code: "closed" });
    await fails(() => kv.getOrSet("a", () => "2"), { code: "closed" });
  }),

  "a cancelled or rejected call leaves nothing behind for the next": onAll(async (open) => {
    const kv = await open();
    const signal = AbortSignal.abort();
    for (const [refused, next] of [
      [() => kv.set("ключ", "1", { signal, ttl: -1 }), () => kv.set("ключ", "x")],
      [() => kv.get("ключ", { signal, as: "nope" }), () => kv.get("ключ")],
      [() => kv.mget("ключ", { signal, as: "nope" }), () => kv.mget("ключ")],
      [() => kv.update("ключ", (found) => found, { signal, ttl: -1 }), () => kv.update("ключ", () => "x")],
      [() => kv.pipeline().exec({ signal }), () => kv.pipeline().get("ключ").exec()],
    ]) {
      await fails(refused, {});
      await next();
    }
    await fails(() => kv.get("ключ", { signal }), "cancelled");
    assert.equal(await kv.get("ключ"), "x");
  }),

  "a handle is printed by its name, its scheme, its prefix and its state": onAll(async (open) => {
    const kv = await open({ prefix: "app" });
    const inspect = Symbol.for("nodejs.util.inspect.custom");
    assert.match(kv.constructor.name, /^(Memory)?Store$/);
    const shown = (prefix, state) =>
      new RegExp(
        `^${kv.constructor.name} { url: "(memory|upstash):", prefix: "${prefix}", state: "${state}" }$`,
      );
    assert.match(kv[inspect](), shown("app:", "open"));
    const within = kv.withPrefix("p");
    assert.match(within[inspect](), shown("app:p:", "open"));
    assert.equal(kv.pipeline().incr("n").get("n")[inspect](), "Pipeline { operations: 2 }");
    assert.equal(kv.multi().incr("n")[inspect](), "Transaction { operations: 1 }");
    await kv.close();
    assert.match(kv[inspect](), shown("app:", "closed"));
    assert.match(within[inspect](), shown("app:p:", "open"));
  }),

  "a duration is seconds with a fraction, or a number with a unit": onAll(async (open) => {
    const kv = await open();
    await kv.set("k", "v");
    for (const half of [0.5, "0.5s", "500ms"]) {
      assert.isTrue(await kv.expire("k", half));
      assert.isAtMost(await kv.pttl("k"), 500);
      await kv.set("k", "v", { ttl: half });
      assert.isAtMost(await kv.pttl("k"), 500);
    }
    for (const wrong of ["1e3s", "5 m", "s"]) {
      const message = 'expire (seconds) expects seconds or a duration such as "5m", got other text';
      await fails(() => kv.expire("k", wrong), { code: "invalid-argument", message });
    }
    await fails(() => kv.expire("k", Number.NaN), "invalid-argument");
    const message = "set (expireAt) expects a moment after 1970 began";
    await fails(() => kv.set("k", "v", { expireAt: 0 }), { code: "invalid-argument", message });
  }),

  "`using` closes": async () => {
    const sync = new MemoryStore();
    sync[dispose]();
    await fails(() => sync.get("a"), "closed");
    const kv = await connect("memory:");
    await kv[asyncDispose]();
    await fails(() => kv.get("a"), "closed");
  },
};
