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

for (const whose of ["the store's", "the host's"]) {
  it(`reads agree with the core after every kind of write, by ${whose} clock`, (test) => {
    const seed = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);
    const draw = generator(seed);
    let now = 1_700_000_000_000;
    const clock = () => now;
    // What expires is remembered only where the host's clock counts.
    if (whose === "the host's") test.mock.method(Date, "now", clock);
    const kv = new MemoryStore(whose === "the host's" ? {} : { clock });
    for (let step = 0; step < 20_000; step++) {
      const write = writes[draw(writes.length)];
      outcome(() => write(kv, KEYS[draw(KEYS.length)], KEYS[draw(KEYS.length)], draw(100)));
      if (draw(10) === 0) now += 700;
      if (draw(40) === 0) now -= 900;
      const place = `after step ${step}, ${write}; OMNIKV_SEED=${seed} replays it`;
      for (const time of ["first", "second"]) {
        for (const key of KEYS) {
          const long = outcome(() => kv.get(key, { as: "text" }));
          const short = outcome(() => kv.get(key));
          assert.deepEqual(short, long, `${time} get of ${key} ${place}`);
        }
        const long = outcome(() => kv.mget(KEYS.slice(0, 3), { as: "text" }));
        const short = outcome(() => kv.mget(KEYS.slice(0, 3)));
        assert.deepEqual(short, long, `${time} mget ${place}`);
      }
    }
  });
}

it("more keys than can be remembered, read in turns and over again", () => {
  const kv = new MemoryStore();
  const text = "x".repeat(200);
  const COUNT = 60_000;
  for (let i = 0; i < COUNT; i++) kv.set(`k${i}`, `${i}${text}`);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < COUNT; i++) {
      if (i % 7 === 0) kv.set(`k${i}`, `${i + round}${text}`);
      assert.equal(kv.get(`k${i}`), i % 7 === 0 ? `${i + round}${text}` : `${i}${text}`);
      // A key that is read often, among those that are not.
      kv.set("often", String(i));
      assert.equal(kv.get("often"), String(i));
      assert.equal(kv.get("often"), String(i));
      if (i % 1_000 === 0) assert.equal(kv.get(`missing${i}`), null);
    }
  }
});

it("a text that expires is remembered until then", (test) => {
  let now = 1_700_000_000_000;
  const clock = test.mock.method(Date, "now", () => now);
  const kv = new MemoryStore();
  kv.set("a", "1", { ttlMs: 500 });
  assert.equal(kv.get("a"), "1");
  const asked = clock.mock.callCount();
  assert.equal(kv.get("a"), "1");
  // Once here, and not once more in the core.
  assert.equal(clock.mock.callCount(), asked + 1);
  now += 499;
  assert.equal(kv.get("a"), "1");
  now += 1;
  assert.equal(kv.get("a"), null);
  kv.set("a", "2", { ttlMs: 500 });
  assert.equal(kv.get("a"), "2");
  // The store has seen a later moment, and does not go back behind it.
  now += 600;
  kv.set("b", "1", { ttl: 1 });
  now -= 300;
  assert.equal(kv.get("a"), null);
});

it("hits and misses are counted wherever a read is answered", () => {
  const kv = new MemoryStore();
  kv.set("a", "1");
  kv.rpush("list", "x");
  for (let time = 0; time < 5; time++) kv.get("a");
  for (let time = 0; time < 3; time++) kv.get("nobody");
  assert.deepEqual(kv.mget("a", "nobody", "list", "stranger"), ["1", null, null, null]);
  const { hits, misses } = kv.stats();
  assert.deepEqual({ hits, misses }, { hits: 6, misses: 6 });
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
