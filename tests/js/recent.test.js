// The strings that a store remembers on the JavaScript side must never be told from those in the core: after every kind of
// write the short way of reading agrees with the long one.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryStore } from "omnikv";

const KEYS = ["a", "b", "c", "ключ"];

/** A small deterministic generator: a failing run can be run again by its seed. */
function generator(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const writes = [
  (kv, k, _, n) => kv.set(k, `v${n}`),
  (kv, k, _, n) => kv.set(k, n),
  (kv, k, _, n) => kv.set(k, `v${n}`, { ttl: 1 + (n % 3) }),
  (kv, k, _, n) => kv.set(k, `v${n}`, { nx: true }),
  (kv, k, _, n) => kv.set(k, `v${n}`, { get: true }),
  (kv, k) => kv.set(k, "long ".repeat(100)),
  (kv, k) => kv.set(k, new Uint8Array([0xff])),
  (kv, k) => kv.incr(k),
  (kv, k) => kv.decr(k),
  (kv, k, _, n) => kv.incrBy(k, n),
  (kv, k) => kv.incrByFloat(k, 0.5),
  (kv, k) => kv.append(k, "+"),
  (kv, k) => kv.setRange(k, 1, "xx"),
  (kv, k) => kv.getSet(k, "swapped"),
  (kv, k) => kv.getDel(k),
  (kv, k) => kv.getEx(k, { ttl: 2 }),
  (kv, k, l) => kv.mset({ [k]: "m1", [l]: "m2" }),
  (kv, k, l) =>
    kv.msetNx([
      [k, "n1"],
      [l, "n2"],
    ]),
  (kv, k) => kv.compareAndSet(k, kv.get(k, { as: "bytes" }), "cas"),
  (kv, k) => kv.compareAndDelete(k, "cas"),
  (kv, k, l) => kv.del(k, l),
  (kv, k) => kv.del([k]),
  (kv, k, l) => kv.rename(k, l),
  (kv, k, l) => kv.renameNx(k, l),
  (kv, k, l) => kv.copy(k, l, { replace: true }),
  (kv, k) => kv.expire(k, 2),
  (kv, k) => kv.expire(k, 0),
  (kv, k) => kv.pexpireAt(k, 1),
  (kv, k) => kv.persist(k),
  (kv, k) => kv.rpush(k, "x"),
  (kv, k, l) => kv.lmove(k, l, "left", "right"),
  (kv, k) => kv.hset(k, "f", "x"),
  (kv, k, l) => kv.sunionStore(k, l),
  (kv, k, l) => kv.smove(k, l, "x"),
  (kv) => kv.deleteRange("a", "c"),
  (kv, _k, _l, n) => n % 5 === 0 && kv.flush(),
  (kv, k, l) => kv.pipeline().set(k, "p").del(l).exec(),
  (kv, k) => kv.multi().incr(k).exec(),
];

/** What a call gives or throws. */
function outcome(call) {
  try {
    return call();
  } catch (error) {
    return error.code;
  }
}

it("reads agree with the core after every kind of write", () => {
  const seed = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);
  const draw = generator(seed);
  let now = 1_700_000_000_000;
  const kv = new MemoryStore({ clock: () => now });
  for (let step = 0; step < 60_000; step++) {
    const write = writes[draw(writes.length)];
    outcome(() => write(kv, KEYS[draw(KEYS.length)], KEYS[draw(KEYS.length)], draw(100)));
    if (draw(10) === 0) now += 700;
    for (const key of KEYS) {
      const long = outcome(() => kv.get(key, { as: "text" }));
      for (const time of ["first", "second"]) {
        const short = outcome(() => kv.get(key));
        assert.deepEqual(
          short,
          long,
          `${time} get after step ${step}, ${write}; OMNIKV_SEED=${seed} replays it`,
        );
      }
    }
  }
});

it("hits and misses are counted wherever a read is answered", () => {
  const kv = new MemoryStore();
  kv.set("a", "1");
  for (let time = 0; time < 5; time++) kv.get("a");
  kv.get("nobody");
  const { hits, misses } = kv.stats();
  assert.deepEqual({ hits, misses }, { hits: 5, misses: 1 });
});

it("a closed store remembers nothing", () => {
  const kv = new MemoryStore();
  kv.set("a", "1");
  kv.get("a");
  kv.close();
  assert.throws(() => kv.get("a"), { code: "closed" });
});

it("stores of one name see each other's writes", () => {
  const one = MemoryStore.connect("memory:recent");
  const other = MemoryStore.connect("memory:recent");
  one.set("a", "1");
  assert.equal(one.get("a"), "1");
  other.set("a", "2");
  assert.equal(one.get("a"), "2");
});
