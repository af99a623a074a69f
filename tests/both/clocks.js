// Clocks that jump, and clocks that begin at 1970. As in Redis, a deadline is relative to the clock's time when it is
// set.

import { assert, onAll } from "./support.js";

/** A clock that is set explicitly. */
function settable(now) {
  return { read: () => now, set: (ms) => (now = ms) };
}

export const clocks = {
  "a deadline counts from the clock as it reads, also after it jumped ahead and back": onAll(async (open) => {
    const START = 1_700_000_000_000;
    const { read, set } = settable(START);
    const kv = await open({ clock: read });
    await kv.set("gone", "1", { ttl: 60 });
    await kv.set("lasting", "1", { ttl: 7200 });
    set(START + 3_600_000);
    assert.isNull(await kv.get("gone"));
    assert.equal(await kv.get("lasting"), "1");
    set(START);
    assert.isNull(await kv.get("gone"), "what was removed stays gone");
    assert.equal(await kv.ttl("lasting"), 7200);
    await kv.set("a", "1", { ttl: 1 });
    await kv.set("b", "1");
    await kv.expire("b", 1);
    await kv.set("c", "1", { ttl: 1 });
    await kv.incr("c");
    assert.equal(await kv.pttl("a"), 1000);
    assert.equal(await kv.pexpiretime("b"), START + 1000);
    assert.equal(await kv.get("a"), "1");
    assert.equal((await kv.stats()).keys, 4);
    set(START + 1000);
    assert.deepEqual(await kv.mget("a", "b", "c"), [null, null, null]);
    assert.equal(await kv.count(), 1);
    assert.equal((await kv.stats()).keys, 1);
  }),

  "a clock may begin at 1970": onAll(async (open) => {
    const { read, set } = settable(0);
    const kv = await open({ clock: read, defaultTtl: 5 });
    await kv.set("a", "1");
    await kv.set("b", "1", { ttl: 10 });
    assert.equal(await kv.ttl("a"), 5);
    assert.equal(await kv.pexpiretime("b"), 10_000);
    set(5000);
    assert.deepEqual(await kv.mget("a", "b"), [null, "1"]);
  }),
};
