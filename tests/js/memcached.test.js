// memcached from Node, beyond the conformance cases: concurrent callers, other programs' items, a restart, and what it cannot.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { startMemcached } from "./memcached-server.js";

describe("memcached://", () => {
  let memcached;
  before(async () => {
    memcached = await startMemcached();
  });
  after(() => memcached?.close());

  const on = (name, run) =>
    it(name, async (t) => {
      const kv = await connect(`${memcached.url}?retries=100&timeout=30`);
      t.after(() => kv.close());
      await memcached.clear();
      await run(kv);
    });

  on("callers that change one key lose nothing", async (kv) => {
    await Promise.all(Array.from({ length: 30 }, () => kv.incr("n")));
    assert.equal(await kv.get("n"), "30");
    await kv.set("json", JSON.stringify({ n: 0 }));
    const add = (text) => JSON.stringify({ n: JSON.parse(text).n + 1 });
    await Promise.all([1, 2, 3].map(() => kv.update("json", add)));
    assert.equal(await kv.get("json"), '{"n":3}');
  });

  on("items are shared with other programs", async (kv) => {
    await memcached.run("set theirs 3 0 5\r\nhello");
    assert.equal(await kv.get("theirs"), "hello");
    await kv.set("ours", "hi", { ttl: 60 });
    assert.equal(await memcached.run("mg ours v"), "VA 2\r\nhi");
    const bytes = new Uint8Array([0, 13, 10, 255]);
    await kv.set("bytes", bytes);
    assert.deepEqual(await kv.get("bytes", { as: "bytes" }), bytes);
  });

  on("a value is made once", async (kv) => {
    let made = 0;
    const make = async () => String(++made);
    const all = await Promise.all([1, 2, 3].map(() => kv.getOrSet("made", make, { ttl: 60 })));
    assert.deepEqual(all, ["1", "1", "1"]);
  });

  on("several keys are written one by one, or refused", async (kv) => {
    await assert.rejects(kv.mset({ a: "1", b: "2" }), { code: "unsupported", message: /in a pipeline/ });
    assert.deepEqual(await kv.pipeline().set("a", "1").set("b", "2").incr("a").exec(), ["OK", "OK", 2]);
    assert.deepEqual(await kv.mget(["a", "b", "c"]), ["2", "2", null]);
    await assert.rejects(kv.lpush("l", "x"), { code: "unsupported", message: /redis:\/\// });
    await assert.rejects(kv.keys("*"), { code: "unsupported" });
    assert.equal((await kv.capabilities()).records, false);
  });

  on("a restart is survived", async (kv) => {
    await kv.set("a", "1");
    await memcached.kill();
    await memcached.start();
    assert.equal(await kv.get("a"), null);
    assert.equal(await kv.incr("a"), 1);
  });
});
