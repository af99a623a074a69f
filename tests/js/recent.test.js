// The cache in front of the core, including buffered writes, must never be noticeable: after every kind of write the
// fast path of reading agrees with the slow one, and a store with a cache answers like one without.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryStore } from "omnikv";

const KEYS = ["a", "b", "c", "ключ"];
/** Names that an object might misinterpret. */
const ODD = ["__proto__", "constructor", "0", "42", "-1", "toString"];

/** A small deterministic generator: its seed repeats a failing run. */
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
  (kv, k, _, n) => kv.incrby(k, n),
  (kv, k) => kv.incrbyfloat(k, 0.5),
  (kv, k) => kv.append(k, "+"),
  (kv, k) => kv.setrange(k, 1, "xx"),
  (kv, k) => kv.getset(k, "swapped"),
  (kv, k) => kv.getdel(k),
  (kv, k) => kv.getex(k, { ttl: 2 }),
  (kv, k, l) => kv.mset({ [k]: "m1", [l]: "m2" }),
  (kv, k, l) =>
    kv.msetnx([
      [k, "n1"],
      [l, "n2"],
    ]),
  (kv, k) => kv.compareAndSet(k, kv.get(k, { as: "bytes" }), "cas"),
  (kv, k) => kv.compareAndDelete(k, "cas"),
  (kv, k, l) => kv.del(k, l),
  (kv, k) => kv.del([k]),
  (kv, k, l) => kv.rename(k, l),
  (kv, k, l) => kv.renamenx(k, l),
  (kv, k, l) => kv.copy(k, l, { replace: true }),
  (kv, k) => kv.expire(k, 2),
  (kv, k) => kv.expire(k, 0),
  (kv, k) => kv.pexpireat(k, 1),
  (kv, k) => kv.persist(k),
  (kv, k) => kv.rpush(k, "x"),
  (kv, k, l) => kv.lmove(k, l, "left", "right"),
  (kv, k) => kv.hset(k, "f", "x"),
  (kv, k, l) => kv.sunionstore(k, l),
  (kv, k, l) => kv.smove(k, l, "x"),
  (kv) => kv.deleteRange("a", "c"),
  (kv, _k, _l, n) => n % 5 === 0 && kv.flush(),
  (kv, k, l) => kv.pipeline().set(k, "p").del(l).exec(),
  (kv, k) => kv.multi().incr(k).exec(),
];

/** What a call returns or throws. */
function outcome(call) {
  try {
    return call();
  } catch (error) {
    return error.code;
  }
}

// Reads of one key, of several, and of statistics.
const reads = [
  (kv, k) => kv.get(k),
  (kv, k) => kv.get(k),
  (kv, k, l) => kv.mget(k, l, "nobody"),
  (kv, k) => kv.getBytes(k),
  (kv, k) => kv.strlen(k),
  (kv, k) => kv.pttl(k),
  (kv, k) => kv.exists(k),
  (kv, k) => kv.type(k),
  (kv) => kv.keys().toSorted(),
  (kv, k) => kv.range(k, null),
  (kv, k) => kv.pipeline().get(k).strlen(k).exec(),
  (kv) => {
    // Not the bytes: expired entries count until they are swept, which depends on the calls of the core.
    const { hits, misses, keys, expiringKeys } = kv.stats();
    return { hits, misses, keys, expiringKeys };
  },
];

// The writes that are buffered, repeatedly.
const frequent = [
  (kv, k, _, n) => kv.set(k, `v${n}`),
  (kv, k, _, n) => kv.set(k, `${n}`),
  (kv, k, _, n) => kv.set(k, `ж${n}`),
  (kv, k, _, n) => kv.set(k, `v${n}`, { ttl: 1 + (n % 3) }),
  (kv, k) => kv.set(k, "\ud800"),
  (kv, k) => kv.set(k, ""),
  (kv, k) => kv.set(k, "007"),
  (kv, k) => kv.set(k, "-0"),
  (kv, k) => kv.set(k, "9007199254740991"),
  (kv, k) => kv.set(k, "9223372036854775807"),
  (kv, k) => kv.set(k, "x".repeat(257)),
  (kv, k) => kv.incr(k),
  (kv, k) => kv.decr(k),
];

for (const [whose, options] of [
  ["the host's clock", {}],
  ["the host's clock and a default TTL", { defaultTtl: 2 }],
  ["the store's clock", { clock: true }],
  ["a prefix", { prefix: "p" }],
]) {
  it(`a store with a cache answers like one without, with ${whose}`, (test) => {
    const seed = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);
    const draw = generator(seed);
    let now = 1_700_000_000_000;
    const clock = () => now;
    test.mock.method(Date, "now", clock);
    const given = { ...options, ...(options.clock ? { clock } : {}) };
    const kv = new MemoryStore(given);
    // A store that others may open by name has no cache.
    const plain = MemoryStore.connect(`memory:plain-${seed}-${whose}`, given);
    const names = [...KEYS, ...ODD];
    for (let step = 0; step < 40_000; step++) {
      const kind = draw(8);
      const all = kind === 0 ? writes : kind < 3 ? reads : frequent;
      const run = all[draw(all.length)];
      const [key, other, number] = [names[draw(names.length)], names[draw(names.length)], draw(100)];
      const expected = outcome(() => run(plain, key, other, number));
      const actual = outcome(() => run(kv, key, other, number));
      assert.deepEqual(actual, expected, `step ${step}, ${run} of ${key}; OMNIKV_SEED=${seed} replays it`);
      if (draw(10) === 0) now += 700;
    }
  });
}

for (const options of [
  { maxKeys: 4, eviction: "allkeys-lru" },
  { maxBytes: 500, eviction: "allkeys-lru" },
  { maxKeys: 4, eviction: "volatile-ttl" },
  { maxBytes: 500, eviction: "volatile-ttl" },
]) {
  it(`a store that evicts answers alike through fast paths and commands, ${JSON.stringify(options)}`, (test) => {
    const seed = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);
    const draw = generator(seed);
    let now = 1_700_000_000_000;
    test.mock.method(Date, "now", () => now);
    const short = new MemoryStore(options);
    const long = new MemoryStore(options);
    const names = [...KEYS, ...ODD];
    for (let step = 0; step < 20_000; step++) {
      const [key, other, number] = [names[draw(names.length)], names[draw(names.length)], draw(100)];
      const [method, ...args] = [
        ["get", key],
        ["mget", key, other, "nobody"],
        ["set", key, `v${number}`],
        ["set", key, `${number}`, { ttl: 1 + (number % 9) }],
        ["set", key, "x".repeat(number * 3)],
        ["incr", key],
        ["incr", key],
        ["append", key, "+"],
        ["expire", key, 1 + (number % 9)],
        ["lmove", key, other, "left", "right"],
        ["rpush", key, "x"],
        ["rename", key, other],
      ][draw(12)];
      const expected = outcome(() => {
        const [reply] = long
          .pipeline()
          [method](...args)
          .exec();
        if (reply instanceof Error) throw reply;
        return reply;
      });
      const actual = outcome(() => short[method](...args));
      const of = `step ${step}, ${method} ${JSON.stringify(args)}; OMNIKV_SEED=${seed} replays it`;
      assert.deepEqual(actual, expected, of);
      if (step % 20 === 0) {
        assert.deepEqual(short.stats(), long.stats(), of);
        now += 700;
      }
    }
    assert.ok(short.stats().evicted > 100, "a test of eviction must evict");
  });
}

it("repeated writes reach the core, however many", () => {
  const kv = new MemoryStore();
  const COUNT = 40_000;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < COUNT; i++) kv.set(`k${i}`, `${round}:${i}`);
    for (let i = 0; i < COUNT; i += 3) kv.set(`k${i}`, "ё".repeat(200), { ttl: 100 });
  }
  assert.equal(kv.stats().keys, COUNT);
  assert.equal(kv.stats().expiringKeys, Math.ceil(COUNT / 3));
  const entries = new Map(kv.range("k", null, { limit: COUNT }));
  for (let i = 0; i < COUNT; i++) {
    assert.equal(entries.get(`k${i}`), i % 3 === 0 ? "ё".repeat(200) : `2:${i}`);
  }
});

it("a store that may become full reports it immediately", () => {
  const kv = new MemoryStore({ maxKeys: 2 });
  for (let round = 0; round < 3; round++) {
    kv.set("a", "1");
    assert.equal(kv.get("b"), null);
    kv.set("b", "1");
    assert.equal(kv.get("c"), null);
    assert.throws(() => kv.set("c", "1"), { code: "out-of-memory" });
    kv.del("b");
  }
});

it("a check sees earlier writes", () => {
  const kv = new MemoryStore();
  for (const value of ["1", "2", "3"]) kv.set("a", value);
  assert.deepEqual(kv.multi().check("a", "3").exec(), []);
  for (const value of ["4", "5"]) kv.set("a", value);
  assert.throws(() => kv.multi().check("a", "3").exec(), { code: "conflict" });
});

it("another handle sees earlier writes through this one", () => {
  const kv = new MemoryStore();
  for (const value of ["1", "2", "3"]) kv.set("user:1", value);
  const users = kv.withPrefix("user");
  assert.equal(users.get("1"), "3");
  users.set("1", "4");
  assert.equal(kv.get("user:1"), "4");
});

for (const whose of ["the store's", "the host's"]) {
  it(`reads agree with the core after every kind of write, by ${whose} clock`, (test) => {
    const seed = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);
    const draw = generator(seed);
    let now = 1_700_000_000_000;
    const clock = () => now;
    // Expiring values are only cached with the host's clock.
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

it("more keys than the cache holds, read repeatedly in turns", () => {
  const kv = new MemoryStore();
  const text = "x".repeat(200);
  const COUNT = 60_000;
  for (let i = 0; i < COUNT; i++) kv.set(`k${i}`, `${i}${text}`);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < COUNT; i++) {
      if (i % 7 === 0) kv.set(`k${i}`, `${i + round}${text}`);
      assert.equal(kv.get(`k${i}`), i % 7 === 0 ? `${i + round}${text}` : `${i}${text}`);
      // A frequently read key among others.
      kv.set("often", String(i));
      assert.equal(kv.get("often"), String(i));
      assert.equal(kv.get("often"), String(i));
      if (i % 1_000 === 0) assert.equal(kv.get(`missing${i}`), null);
    }
  }
});

it("an expiring text is cached until then", (test) => {
  let now = 1_700_000_000_000;
  const clock = test.mock.method(Date, "now", () => now);
  const kv = new MemoryStore();
  kv.set("a", "1", { ttlMs: 500 });
  assert.equal(kv.get("a"), "1");
  const asked = clock.mock.callCount();
  assert.equal(kv.get("a"), "1");
  // Once here, and not again in the core.
  assert.equal(clock.mock.callCount(), asked + 1);
  now += 499;
  assert.equal(kv.get("a"), "1");
  now += 1;
  assert.equal(kv.get("a"), null);
  kv.set("a", "2", { ttlMs: 500 });
  assert.equal(kv.get("a"), "2");
  // The core has seen a later time, and has removed what had expired by then.
  now += 600;
  kv.set("b", "1", { ttl: 1 });
  now -= 300;
  assert.equal(kv.get("a"), null);
});

it("the cache agrees with the core when the clock jumps ahead and back", (test) => {
  const START = 1_700_000_000_000;
  let now = START;
  test.mock.method(Date, "now", () => now);
  const kv = new MemoryStore();
  for (const key of ["gone", "kept", "met"]) {
    kv.set(key, "1", { ttl: 60 });
    assert.equal(kv.get(key), "1");
  }
  kv.persist("kept");
  now += 3_600_000;
  // The core removes expired entries while it does something else; here the clock reveals one.
  kv.set("other", "1", { ttl: 1 });
  assert.equal(kv.get("met"), null);
  now = START;
  assert.deepEqual([kv.get("gone"), kv.get("met"), kv.get("kept")], [null, null, "1"]);
  for (const write of [
    () => kv.set("a", "1", { ttl: 1 }),
    () => kv.set("a", "2", { ttl: 1 }),
    () => kv.set("kept", "2", { ttl: 1 }),
  ]) {
    write();
    assert.equal(kv.get("a"), kv.get("a", { as: "text" }));
    assert.equal(kv.pttl("a"), 1000);
  }
  now += 1000;
  assert.deepEqual([kv.get("a"), kv.get("kept")], [null, null]);
});

it("a clock that begins at 1970 is valid", (test) => {
  let now = 0;
  test.mock.method(Date, "now", () => now);
  const kv = new MemoryStore();
  for (let time = 0; time < 3; time++) {
    kv.set("a", `${time}`, { ttl: 5 });
    assert.equal(kv.get("a"), `${time}`);
    assert.equal(kv.pttl("a"), 5000);
  }
  now = 5000;
  assert.equal(kv.get("a"), null);
});

it("hits and misses are counted, whether cached or not", () => {
  const kv = new MemoryStore();
  kv.set("a", "1");
  kv.rpush("list", "x");
  for (let time = 0; time < 5; time++) kv.get("a");
  for (let time = 0; time < 3; time++) kv.get("nobody");
  assert.deepEqual(kv.mget("a", "nobody", "list", "stranger"), ["1", null, null, null]);
  const { hits, misses } = kv.stats();
  assert.deepEqual({ hits, misses }, { hits: 6, misses: 6 });
});

it("a closed store has no cache", () => {
  const kv = new MemoryStore();
  kv.set("a", "1");
  kv.get("a");
  kv.close();
  assert.throws(() => kv.get("a"), { code: "closed" });
});

it("stores with the same name see each other's writes", () => {
  const one = MemoryStore.connect("memory:recent");
  const other = MemoryStore.connect("memory:recent");
  one.set("a", "1");
  assert.equal(one.get("a"), "1");
  other.set("a", "2");
  assert.equal(one.get("a"), "2");
});
