// The examples of the a-h/kv seed: its store, its scheduler, its task runner, and cron by one who holds a lock.

import { echo, log } from "omnikv";
import { assert, clock, collect, fails, onBoth } from "./support.js";

const alice = { name: "Alice", age: 30, city: "New York" };
const keysOf = (records) => records.map(({ key }) => key);

/** The seed's task for sending a mail. */
const mail = (more) => ({
  name: "send-email",
  payload: { to: "user@example.com", subject: "Hello" },
  scheduledFor: "5m",
  maxRetries: 3,
  timeout: 300,
  ...more,
});

export const ahKv = {
  "a-h/kv: Simple Store Example": onBoth(async (open) => {
    const store = await open();
    await store.records.put("person:alice", -1, alice);
    const record = await store.records.get("person:alice");
    assert.deepEqual(record.value, alice);
    assert.equal(record.version, 1);
    assert.isNull(await store.records.get("person:bob"));
  }),

  "a-h/kv: Store Interface: Put with a version": onBoth(async (open) => {
    const { records } = await open();
    assert.equal((await records.put("a", 0, 1)).version, 1);
    await fails(() => records.put("a", 0, 2), "conflict");
    assert.equal((await records.put("a", 1, 2)).version, 2);
    await fails(() => records.put("a", 1, 3), "conflict");
    assert.equal((await records.put("a", -1, 4)).version, 3);
    // There it would insert version 1.
    await fails(() => records.put("missing", 5, 1), "conflict");
  }),

  "a-h/kv: Store Interface: GetPrefix, GetRange, GetType, List, Count": onBoth(async (open) => {
    const { records } = await open();
    for (const key of ["a:1", "a:2", "a:3", "b:1", "b%"]) {
      await records.put(key, -1, { key }, { type: key.startsWith("a") ? "A" : "B" });
    }
    assert.deepEqual(keysOf(await records.getPrefix("a:", { offset: 1, limit: 1 })), ["a:2"]);
    assert.deepEqual(keysOf(await records.getPrefix("b%")), ["b%"]);
    assert.deepEqual(keysOf(await records.getRange("a:2", "b:1")), ["a:2", "a:3", "b%"]);
    assert.deepEqual(keysOf(await records.getType("B")), ["b%", "b:1"]);
    assert.deepEqual(keysOf(await records.list({ offset: 1, limit: 2 })), ["a:2", "a:3"]);
    assert.equal(await records.count(), 5);
    assert.equal(await records.countPrefix("a:"), 3);
    assert.equal(await records.countRange("a:2", "b:1"), 3);
  }),

  "a-h/kv: Store Interface: Delete, DeletePrefix, DeleteRange": onBoth(async (open) => {
    const { records } = await open();
    for (const key of ["a:1", "a:2", "b:1", "b:2", "c"]) await records.put(key, -1, 1);
    assert.equal(await records.delete("a:1", "missing"), 1);
    assert.equal(await records.deleteRange("a:", "b:2"), 2);
    assert.equal(await records.deletePrefix("b:"), 1);
    await fails(() => records.deletePrefix(""), "invalid-argument");
    assert.equal(await records.deletePrefix("*"), 1);
    assert.equal(await records.count(), 0);
  }),

  "a-h/kv: Store Interface: Patch, MutateAll": onBoth(async (open) => {
    const { records } = await open();
    await records.put("person:alice", -1, alice);
    await records.patch("person:alice", 1, { age: 31, city: null });
    assert.deepEqual((await records.get("person:alice")).value, { name: "Alice", age: 31 });
    const mutations = [
      { put: "a", version: 0, value: 1 },
      { patch: "person:alice", version: -1, value: { x: 1 } },
      { deletePrefix: "old:" },
      { delete: ["a", "b"] },
    ];
    assert.deepEqual(await records.mutate(mutations), [1, 1, 0, 1]);
    const failing = [{ delete: "person:alice" }, { put: "c", version: 9, value: 1 }];
    await fails(() => records.mutate(failing), "conflict");
    assert.deepEqual((await records.get("person:alice")).value, { name: "Alice", age: 31, x: 1 });
  }),

  "a-h/kv: Store Interface: Stream, StreamSeq, StreamTrim": onBoth(async (open) => {
    const { changes, records } = await open();
    assert.equal(await changes.latest(), 0);
    await records.put("a", -1, 1, { type: "A" });
    await records.put("b", -1, 1, { type: "B" });
    await records.delete("a");
    const seen = await changes.read({ from: 1, limit: 10 });
    assert.deepEqual(
      seen.map(({ action, record }) => [action, record.key]),
      [
        ["create", "a"],
        ["create", "b"],
        ["delete", "a"],
      ],
    );
    assert.lengthOf(await changes.read({ type: "A", from: 2 }), 1);
    assert.equal(await changes.latest(), seen[2].seq);
    assert.equal(await changes.trim(seen[2].seq), 2);
    assert.deepEqual(await changes.read(), [seen[2]]);
  }),

  "a-h/kv: consumer get, commit, status, delete, stream": onBoth(async (open) => {
    const store = await open();
    for (const key of ["a", "b", "c"]) await store.records.put(key, -1, 1, { type: "Person" });
    const consumer = store.consumer("mailer", { type: "Person", limit: 2 });
    const [first, second] = await consumer.get();
    assert.deepEqual([first.record.key, second.record.key], ["a", "b"]);
    await consumer.commit(second.seq);
    const { position, lag } = await consumer.status();
    assert.deepEqual([position, lag], [second.seq, 1]);
    assert.isTrue(await consumer.unlock());
    assert.isTrue(await consumer.delete());
    for (const commit of ["none", "batch", "each"]) {
      const seen = [];
      for await (const given of store.consumer(commit, { commit, limit: 2 })) {
        seen.push(...[given].flat());
        if (seen.length === 3) break;
      }
      assert.deepEqual(keysOf(seen.map(({ record }) => record)), ["a", "b", "c"]);
    }
  }),

  "a-h/kv: Store Interface: LockAcquire, LockRelease, LockStatus": onBoth(async (open) => {
    const time = clock();
    const { locks } = await open({ clock: time.read });
    const token = await locks.acquire("report", "one", "30s");
    assert.isNumber(token);
    assert.isNull(await locks.acquire("report", "two", "30s"));
    assert.equal(await locks.acquire("report", "one", "60s"), token);
    assert.equal((await locks.status("report")).owner, "one");
    assert.isFalse(await locks.release("report", "two"));
    time.advance(60);
    assert.isNull(await locks.status("report"));
    assert.isAbove(await locks.acquire("report", "two", "30s"), token);
    assert.isTrue(await locks.release("report", "two"));
  }),

  "a-h/kv: Creating Tasks, and the Scheduler Interface": onBoth(async (open) => {
    const time = clock();
    const { tasks } = await open({ clock: time.read });
    const { id, status, scheduledFor } = await tasks.create(mail());
    assert.deepEqual([status, scheduledFor], ["pending", time.read() + 300_000]);
    assert.deepEqual((await tasks.get(id)).payload, { to: "user@example.com", subject: "Hello" });
    assert.lengthOf(await tasks.list({ status: "pending", name: "send-email", offset: 0, limit: 10 }), 1);
    assert.isNull(await tasks.lock("worker-1", "5m", ["send-email"]));
    time.advance(300);
    const { token, tries } = await tasks.lock("worker-1", "5m", ["send-email"]);
    assert.equal(tries, 1);
    assert.isNull(await tasks.lock("worker-2", "5m", ["send-email"]));
    assert.equal(await tasks.release(id, token, "completed"), "completed");
    const other = await tasks.create(mail());
    assert.isTrue(await tasks.cancel(other.id));
    assert.deepEqual(
      (await tasks.list({ status: "cancelled" })).map((task) => task.id),
      [other.id],
    );
  }),

  "a-h/kv: Distributed Coordination: retries, and who is gone": onBoth(async (open) => {
    const time = clock();
    const { tasks } = await open({ clock: time.read });
    const { id } = await tasks.create(mail({ scheduledFor: undefined, maxRetries: 2 }));
    const take = () => tasks.lock("worker", "5m", ["send-email"]);
    const failed = await take();
    const why = { error: "no route" };
    assert.equal(await tasks.release(id, failed.token, "failed", why), "pending");
    assert.isNull(await take());
    time.advance(((await tasks.get(id)).scheduledFor - time.read()) / 1_000);
    // This one disappears; there its task would stay `running` for ever.
    const gone = await take();
    assert.equal(gone.error, "no route");
    time.advance(300);
    const last = await take();
    assert.equal(last.tries, 3);
    assert.isNull(await tasks.release(id, gone.token, "completed"));
    assert.equal(await tasks.release(id, last.token, "failed", why), "failed");
    assert.isTrue(await tasks.requeue(id));
  }),

  "a-h/kv: Task Runner": onBoth(async (open) => {
    const { tasks } = await open();
    const sent = [];
    const runner = tasks.worker({
      id: "worker-1",
      pollInterval: "10s",
      lockDuration: "5m",
      handlers: {
        "send-email": async ({ payload }) =>
          void sent.push(`Sending email to ${payload.to}: ${payload.subject}`),
        cleanup: async () => void runner.stop(),
        log,
        echo,
      },
    });
    await tasks.create(mail({ scheduledFor: undefined }));
    await tasks.create({ name: "cleanup", priority: -1 });
    await runner.done;
    assert.deepEqual(sent, ["Sending email to user@example.com: Hello"]);
    const [{ status, worker }] = await tasks.list({ name: "send-email" });
    assert.deepEqual([status, worker], ["completed", "worker-1"]);
  }),

  "a-h/kv: Implementing Cron Scheduling, with a lock and with schedule": onBoth(async (open) => {
    const { locks, tasks } = await open();
    // As the seed does it.
    if ((await locks.acquire("cron-scheduler", "instance-1", "5m")) !== null) {
      await tasks.create({ id: "report@1", name: "report" });
      await locks.release("cron-scheduler", "instance-1");
    }
    const schedule = await tasks.schedule("report", "*/5 * * * *");
    await schedule.stop();
    const [first, next] = await tasks.list({ name: "report" });
    assert.equal(first.id, "report@1");
    assert.equal(next.scheduledFor % 300_000, 0);
  }),

  "records are exported by list and imported by mutate; entries are plain keys": onBoth(async (open) => {
    const [from, to] = [await open(), await open()];
    await from.set("plain", "key");
    for (let n = 0; n < 5; n++)
      await from.records.put(`r:${n}`, -1, { n }, { type: "N", ttl: n === 0 ? "1h" : 0 });
    await from.records.patch("r:1", 1, { more: true });
    assert.deepEqual(
      (await collect(from.entries())).map(({ key }) => key),
      ["plain"],
    );
    let after;
    for (;;) {
      const page = await from.records.list({ after, limit: 2 });
      if (page.length === 0) break;
      await to.records.mutate(
        page.map(({ key, value, type, expiresAt }) => ({
          put: key,
          version: 0,
          value,
          ...(type !== null && { type }),
          ...(expiresAt !== null && { expireAt: expiresAt }),
        })),
      );
      after = page.at(-1).key;
    }
    const content = async (kv) =>
      (await kv.records.list()).map(({ key, value, type, expiresAt }) => [key, value, type, expiresAt]);
    assert.deepEqual(await content(to), await content(from));
    assert.lengthOf(await content(to), 5);
  }),
};
