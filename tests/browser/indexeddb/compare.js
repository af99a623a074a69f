// Random calls of a store in IndexedDB and of one in memory: every answer is the same.

import { connect, MemoryStore } from "omnikv";
import { randomness } from "../../both/support.js";

const KEYS = ["a", "b", "c", "ключ", "\u{ffff}", "\u{1f600}", "long".repeat(100)];

const CALLS = [
  (kv, k, l, n) => kv.set(k, `v${n}`),
  (kv, k, l, n) => kv.set(k, n, { ttl: 1 + (n % 3) }),
  (kv, k, l, n) => kv.set(k, `${n}`, { nx: true }),
  (kv, k, l, n) => kv.set(k, `${n}`, { get: true }),
  (kv, k) => kv.set(k, new Uint8Array([0xff, 0])),
  (kv, k) => kv.get(k),
  (kv, k) => kv.get(k, { as: "bytes" }),
  (kv, k, l) => kv.mget(k, l, "nobody"),
  (kv, k) => kv.incr(k),
  (kv, k) => kv.append(k, "+"),
  (kv, k) => kv.getdel(k),
  (kv, k, l) => kv.mset({ [k]: "m1", [l]: "m2" }),
  (kv, k, l, n) => kv.compareAndSet(k, n % 2 ? null : `${n}`, "swapped"),
  (kv, k) => kv.compareAndDelete(k, "swapped"),
  (kv, k, l) => kv.del(k, l),
  (kv, k, l) => kv.rename(k, l),
  (kv, k, l) => kv.copy(k, l, { replace: true }),
  (kv, k, l, n) => kv.expire(k, n % 4),
  (kv, k) => kv.persist(k),
  (kv, k) => kv.pttl(k),
  (kv, k) => kv.type(k),
  (kv, k, l, n) => kv.rpush(k, `${n}`, "x"),
  (kv, k) => kv.lpop(k),
  (kv, k) => kv.lrange(k, 0, -1),
  (kv, k, l) => kv.lmove(k, l, "left", "right"),
  (kv, k, l, n) => kv.hset(k, `f${n % 3}`, `${n}`),
  (kv, k) => kv.hgetall(k),
  (kv, k, l, n) => kv.sadd(k, `${n % 5}`, "x"),
  (kv, k, l) => kv.sunionstore(k, l),
  async (kv, k) => (await kv.smembers(k)).toSorted(),
  async (kv) => (await kv.keys("*")).toSorted(),
  (kv) => kv.count(),
  (kv, k) => kv.range(k, null, { limit: 3 }),
  (kv, k, l) => kv.range(k < l ? k : l, k < l ? l : k, { reverse: true }),
  (kv, k, l, n) => n % 10 === 0 && kv.deleteRange("a", "c"),
  (kv, k, l, n) => kv.pipeline().set(k, `p${n}`).incr(l).get(k).exec(),
  (kv, k, l, n) => kv.multi().incr(k).set(l, n).get(k).exec(),
  (kv, k, l, n) => kv.multi().check(k, `${n}`).set(l, n).exec(),
];

/** What a call returns, or the code of what it throws. */
const outcome = async (call) => {
  try {
    return JSON.stringify(await call(), (_, value) => value?.code ?? value);
  } catch (error) {
    if (error.code === undefined) throw error;
    return error.code;
  }
};

/** Makes this many calls of both stores. Returns the first difference, if any. */
export async function compare(seed, calls) {
  const random = randomness(seed);
  const draw = (items) => items[random() % items.length];
  let now = 1_700_000_000_000;
  const clock = () => now;
  const memory = new MemoryStore({ clock });
  let stored = await connect(`indexeddb:model-${seed}`, { clock });
  for (let step = 0; step < calls; step++) {
    const [run, key, other, number] = [draw(CALLS), draw(KEYS), draw(KEYS), random() % 40];
    const expected = await outcome(() => run(memory, key, other, number));
    const actual = await outcome(() => run(stored, key, other, number));
    if (actual !== expected) return `step ${step}, ${run} of ${key} and ${other}: ${actual}, not ${expected}`;
    if (random() % 10 === 0) now += 700;
    if (random() % 200 === 0) {
      await stored.close();
      stored = await connect(`indexeddb:model-${seed}`, { clock });
    }
  }
  await stored.close();
  return undefined;
}
