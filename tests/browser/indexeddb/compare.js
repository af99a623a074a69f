// Random calls of a store in IndexedDB and of one in memory: every answer is the same.

import { connect, MemoryStore } from "omnikv";
import { randomness } from "../../both/support.js";

const KEYS = ["a", "b", "c", "ключ", "\u{ffff}", "\u{1f600}", "long".repeat(20)];

const KEY_CALLS = [
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
  (kv, k, l, n) => kv.zadd(k, [{ score: n % 7, member: `m${n % 4}` }]),
  (kv, k, l, n) => kv.zincrby(k, 0.5, `m${n % 4}`),
  (kv, k) => kv.zrange(k, 0, -1, { withScores: true }),
  async (kv) => (await kv.keys("*")).toSorted(),
  (kv) => kv.count(),
  (kv, k) => kv.range(k, null, { limit: 3 }),
  (kv, k, l) => kv.range(k < l ? k : l, k < l ? l : k, { reverse: true }),
  (kv, k, l, n) => n % 10 === 0 && kv.deleteRange("a", "c"),
  (kv, k, l, n) => kv.pipeline().set(k, `p${n}`).incr(l).get(k).exec(),
  (kv, k, l, n) => kv.multi().incr(k).set(l, n).get(k).exec(),
  (kv, k, l, n) => kv.multi().check(k, `${n}`).set(l, n).exec(),
];

/** A lock of a task, and what becomes of it. */
async function work(kv, n, next) {
  const task = await kv.tasks.lock("w", n % 3 ? 60 : 1, [`name ${n % 2}`, "other"]);
  return [task, task && (await next(task))];
}

const RECORD_CALLS = [
  (kv, k, l, n) => kv.records.put(k, -1, { n }, { type: n % 3 ? `type ${n % 3}` : undefined }),
  (kv, k, l, n) => kv.records.put(k, n % 3, { n: "text" }, n % 5 === 0 ? { ttl: 1 + (n % 3) } : {}),
  (kv, k, l, n) => kv.records.patch(k, -1, { n: n % 2 ? n : null, deep: { n } }),
  (kv, k) => kv.records.get(k),
  (kv, k, l) => kv.records.getMany(k, l, "nobody"),
  (kv, k, l, n) => kv.records.list({ type: n % 2 ? "type 1" : undefined, offset: n % 3, limit: 4 }),
  (kv, k, l, n) =>
    kv.records.list({ after: k, type: n % 2 ? "type 2" : undefined, prefix: n % 3 ? "" : "b" }),
  (kv, k, l) => kv.records.getRange(k, l, { limit: 3 }),
  async (kv, k, l) => [await kv.records.count(), await kv.records.countRange(k, l)],
  (kv, k, l) => kv.records.delete(k, l),
  (kv, k, l, n) => kv.records.deletePrefix(k, { offset: n % 2, limit: 2 }),
  (kv, k, l, n) =>
    kv.records.mutate([
      { put: k, version: -1, value: n, type: "type 1" },
      n % 4 ? { patch: l, version: -1, value: { n } } : { put: l, version: n, value: n },
      n % 3 ? { delete: k } : { deleteRange: ["a", "b"] },
      { task: { name: "other", unique: `${n % 3}` } },
    ]),
  (kv, k, l, n) => kv.changes.read({ from: n, type: n % 3 ? undefined : "type 1", limit: 5 }),
  (kv, k) => kv.changes.read({ prefix: k }),
  (kv) => kv.changes.latest(),
  async (kv, k, l, n) => n % 8 === 0 && kv.changes.trim(Math.max(0, (await kv.changes.latest()) - n)),
  (kv, k, l, n) => kv.locks.acquire(k, `owner ${n % 2}`, 1 + (n % 3)),
  (kv, k, l, n) => kv.locks.release(k, `owner ${n % 2}`),
  (kv, k) => kv.locks.status(k),
  async (kv, k, l, n) => {
    const token = await kv.consumers.claim("c", `owner ${n % 2}`, 2);
    const done = token && (await kv.consumers.commit("c", (await kv.changes.latest()) - (n % 2), { token }));
    return [token, done, await kv.consumers.status("c")];
  },
  (kv, k, l, n) => (n % 2 ? kv.consumers.release("c", "owner 1") : kv.consumers.delete("c")),
  (kv, k, l, n) => kv.tasks.create({ name: `name ${n % 2}`, payload: n, priority: n % 5, maxRetries: n % 3 }),
  (kv, k, l, n) => kv.tasks.create({ name: "name 1", id: k, scheduledFor: `${n % 4}s` }),
  (kv, k, l, n) => kv.tasks.create({ name: "name 0", unique: `${n % 3}`, timeout: "1m" }),
  (kv, k) => kv.tasks.get(k),
  (kv, k, l, n) =>
    kv.tasks.list({
      status: n % 2 ? "pending" : undefined,
      name: n % 3 ? undefined : "name 1",
      offset: n % 4,
      limit: 6,
    }),
  (kv, k) => kv.tasks.cancel(k),
  (kv, k) => kv.tasks.requeue(k),
  (kv, k, l, n) => work(kv, n, ({ id, token }) => kv.tasks.release(id, token, "completed")),
  (kv, k, l, n) =>
    work(kv, n, async ({ id, token }) => {
      const status = await kv.tasks.release(id, token, "failed", { error: "no" });
      // When it is tried again is random.
      return [status, await kv.tasks.cancel(id)];
    }),
  (kv, k, l, n) => work(kv, n, ({ id, token }) => kv.tasks.heartbeat(id, token, 30)),
  (kv, k, l, n) => n % 5 === 0 && kv.tasks.trim(1_700_000_000_000 + 1_000 * n),
  (kv, k, l, n) => kv.multi().incr(k).set(l, n).exec(),
  (kv, k, l, n) => {
    const batch = n % 2 ? kv.pipeline() : kv.multi();
    batch.records.put(k, -1, n).set(l, "beside");
    batch.records.get(k).get(l);
    batch.tasks.create({ name: "other" });
    return batch.exec();
  },
  (kv, k, l, n) => n % 10 === 0 && kv.withPrefix(k).flush(),
];

/** Errors as their codes, and cancelled tasks without a moment that may be random. */
const plain = (_, value) =>
  value?.code ??
  (value?.status === "cancelled" && value.scheduledFor ? { ...value, scheduledFor: 0 } : value);

/** What a call returns, or the code of what it throws. */
const outcome = async (call) => {
  try {
    return JSON.stringify(await call(), plain);
  } catch (error) {
    if (error.code === undefined) throw error;
    return error.code;
  }
};

const ALL = { keys: KEY_CALLS, records: RECORD_CALLS };

/** Makes this many calls of both stores. Returns the first difference, if any. */
export async function compare(subject, seed, calls) {
  const random = randomness(seed);
  const draw = (items) => items[random() % items.length];
  let now = 1_700_000_000_000;
  const clock = () => now;
  const memory = new MemoryStore({ clock });
  let stored = await connect(`indexeddb:${subject}-${seed}`, { clock });
  for (let step = 0; step < calls; step++) {
    const [run, key, other, number] = [draw(ALL[subject]), draw(KEYS), draw(KEYS), random() % 40];
    const expected = await outcome(() => run(memory, key, other, number));
    const actual = await outcome(() => run(stored, key, other, number));
    if (actual !== expected) return `step ${step}, ${run} of ${key} and ${other}: ${actual}, not ${expected}`;
    if (random() % 10 === 0) now += 700;
    if (random() % 200 === 0) {
      await stored.close();
      stored = await connect(`indexeddb:${subject}-${seed}`, { clock });
    }
  }
  await stored.close();
  return undefined;
}
