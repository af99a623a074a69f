// What stands on records, locks and tasks beside their operations: changes as they come, work under a lock, a worker, records
// of one type. What the operations themselves mean, the conformance cases tell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, MemoryStore } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { onEach, pause } from "./record-stores.js";

const never = () => new Promise(() => {});

describe("records.mutate", () => {
  onEach("refuses what it would ignore", async (kv) => {
    await kv.records.put("m", -1, 1);
    const refused = { code: "invalid-argument" };
    for (const part of [
      { deletePrefix: "m", limits: 1 },
      { put: "a", patch: "a", version: -1, value: 1 },
      {},
    ]) {
      await assert.rejects(async () => kv.records.mutate([part]), refused);
    }
    assert.equal(await kv.records.count(), 1);
  });
});

describe("a document", () => {
  it("that JavaScript cannot hold exactly is refused, and the message names no option that records lack", async () => {
    const store = await connect("memory:");
    const gateway = createGateway(store, { token: "t" });
    const words = ["RECORDS.PUT", "big", "-1", '{"n":12345678901234567890}'];
    const headers = { authorization: "Bearer t" };
    await gateway(new Request("http://kv/", { method: "POST", headers, body: JSON.stringify(words) }));
    const refused = (code, way) => (error) =>
      error.code === code && way.test(error.message) && !/structured|as:/.test(error.message);
    await assert.rejects(store.records.get("big"), refused("invalid-value", /write such numbers as text/));
    await assert.rejects(store.records.put("a", -1, { n: 1n }), refused("invalid-argument", /a bigint$/));
    await store.close();
  });
});

describe("records of one type", () => {
  onEach("write their type and list no other", async (kv) => {
    const people = kv.records.of("Person");
    await people.put("alice", -1, { name: "Alice", age: 30 });
    await people.patch("alice", 1, { age: 31 });
    await kv.records.put("order", -1, { n: 1 });
    const found = await people.get("alice");
    assert.deepEqual([found.type, found.version, found.value], ["Person", 2, { name: "Alice", age: 31 }]);
    assert.deepEqual(
      (await people.list()).map(({ key }) => key),
      ["alice"],
    );
  });
});

describe("changes.watch", () => {
  // Watchers that woke each other by reading would leave no turn for timers, and this test would not end.
  onEach("two watchers at once leave timers alone", async (kv) => {
    const end = new AbortController();
    const watching = async () => {
      for await (const { seq } of kv.changes.watch({ signal: end.signal })) assert(seq > 0);
    };
    const first = watching();
    await null;
    const second = watching();
    await pause();
    end.abort();
    await Promise.all([first, second]);
  });

  onEach("gives what was there and what comes, until it is aborted", async (kv) => {
    const end = new AbortController();
    const { stamp } = await kv.records.put("a:1", -1, 1);
    await kv.records.put("b:1", -1, 2);
    const seen = [];
    for await (const { seq, action, record } of kv.changes.watch({
      from: stamp,
      prefix: "a:",
      signal: end.signal,
    })) {
      seen.push([seq - stamp, action, record.key]);
      if (seen.length === 1) setTimeout(async () => kv.records.put("a:2", -1, 3), 1);
      if (seen.length === 2) setTimeout(async () => kv.records.delete("a:1"), 1);
      if (seen.length === 3) end.abort();
    }
    assert.deepEqual(seen, [
      [0, "create", "a:1"],
      [2, "create", "a:2"],
      [3, "delete", "a:1"],
    ]);
  });

  onEach("without a seq gives what comes", async (kv) => {
    await kv.records.put("a", -1, 1);
    const changes = kv.changes.watch();
    const next = changes.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await kv.records.put("b", -1, 2);
    assert.equal((await next).value.record.key, "b");
    await changes.return();
  });
});

describe("locks.withLock", () => {
  onEach("does not run the work for a caller who has cancelled", async (kv) => {
    const signal = AbortSignal.abort(new Error("no more"));
    const work = () => assert.fail("it must not run");
    await assert.rejects(kv.locks.withLock("l", work, { signal }), { code: "cancelled" });
    assert.equal((await kv.locks.status("l")) ?? null, null);
  });

  // Callers that woke each other by asking would leave no turn for timers, and this test would not end.
  onEach("many callers that wait leave timers alone", async (kv) => {
    await kv.locks.acquire("l", "another", 60);
    await kv.consumers.claim("c", "another", 60);
    const end = new AbortController();
    const { signal } = end;
    const read = async () => {
      for await (const batch of kv.consumer("c", { signal }))
        assert.fail(`another holds it: ${batch.length}`);
    };
    const locking = [1, 2, 3].map(() =>
      kv.locks.withLock("l", () => {}, { signal }).catch(({ code }) => code),
    );
    const reading = [1, 2, 3].map(read);
    await pause();
    end.abort();
    assert.deepEqual(await Promise.all(locking), ["cancelled", "cancelled", "cancelled"]);
    await Promise.all(reading);
  });

  onEach("leaves the lock free when a renewal was under way", async (kv) => {
    await kv.locks.withLock("l", () => new Promise((resolve) => setTimeout(resolve, 40)), { ttl: "30ms" });
    await pause();
    assert.equal((await kv.locks.status("l")) ?? null, null);
  });

  onEach("lets one at a time work, and gives what the work gives", async (kv) => {
    let working = 0;
    const tokens = [];
    const work = async ({ token }) => {
      tokens.push(token);
      assert.equal(++working, 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      working--;
      return token;
    };
    const given = await Promise.all([1, 2, 3].map(() => kv.locks.withLock("report", work)));
    assert.deepEqual(given.toSorted(), tokens);
    assert.equal(new Set(tokens).size, 3);
    assert.equal(await kv.locks.status("report"), null);
  });

  onEach("prolongs the lock while the work lasts", async (kv) => {
    const work = async ({ signal }) => {
      const { until } = await kv.locks.status("report");
      while ((await kv.locks.status("report")).until === until) await pause();
      assert.equal(signal.aborted, false);
    };
    await kv.locks.withLock("report", work, { ttl: "1s" });
  });

  onEach("aborts the work when the lock is lost", async (kv) => {
    let taking;
    const take = async () => {
      await kv.flush();
      while ((await kv.locks.acquire("report", "another", 60)) === null) await pause();
    };
    const work = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        taking = take();
      });
    await assert.rejects(kv.locks.withLock("report", work, { ttl: "30ms" }), { code: "conflict" });
    await taking;
    assert.equal((await kv.locks.status("report")).owner, "another");
  });

  onEach("gives the lock up when the work fails, and gives up waiting when aborted", async (kv) => {
    const fail = () => {
      throw new Error("it broke");
    };
    await assert.rejects(kv.locks.withLock("report", fail), /it broke/);
    await kv.locks.acquire("report", "another", 60);
    const signal = AbortSignal.timeout(10);
    await assert.rejects(
      kv.locks.withLock("report", () => {}, { signal }),
      { code: "cancelled" },
    );
  });
});

describe("tasks.worker", () => {
  onEach("does what is due, and stops without leaving anything half done", async (kv) => {
    const done = [];
    const reports = [];
    await kv.tasks.create({ name: "mail", id: "1", payload: { to: "a" } });
    const worker = kv.tasks.worker({
      handlers: {
        mail: async (task) => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          done.push(task.payload.to);
          if (task.payload.to === "c") void worker.stop();
        },
      },
      concurrency: 2,
      report: ({ task, status }) => reports.push([task.id, status]),
    });
    await kv.tasks.create({ name: "mail", id: "2", payload: { to: "b" } });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await kv.tasks.create({ name: "mail", id: "3", payload: { to: "c" } });
    await worker.done;
    assert.deepEqual(done.toSorted(), ["a", "b", "c"]);
    assert.deepEqual(reports.toSorted(), [
      ["1", "completed"],
      ["2", "completed"],
      ["3", "completed"],
    ]);
    await kv.tasks.create({ name: "mail", id: "4", payload: { to: "d" } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await kv.tasks.get("4")).status, "pending");
  });

  onEach("keeps why a task has failed, also that it took too long", async (kv) => {
    await kv.tasks.create({ name: "bad", id: "1", maxRetries: 0 });
    await kv.tasks.create({ name: "slow", id: "2", maxRetries: 0, timeout: "5ms" });
    const reports = [];
    const worker = kv.tasks.worker({
      handlers: {
        bad: () => {
          throw new Error("it broke");
        },
        slow: never,
      },
      report: (report) => {
        reports.push(report);
        if (reports.length === 2) void worker.stop();
      },
    });
    await worker.done;
    const [bad, slow] = [await kv.tasks.get("1"), await kv.tasks.get("2")];
    assert.deepEqual([bad.status, bad.error], ["failed", "it broke"]);
    assert.deepEqual([slow.status, reports[1].error.code], ["failed", "timeout"]);
  });

  onEach("prolongs its hold, and aborts a task that was cancelled", async (kv) => {
    await kv.tasks.create({ name: "long", id: "1" });
    const worker = kv.tasks.worker({
      handlers: {
        long: async (_task, { signal }) => {
          const { lockedUntil } = await kv.tasks.get("1");
          while ((await kv.tasks.get("1")).lockedUntil === lockedUntil) await pause();
          await kv.tasks.cancel("1");
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
      lockDuration: "1s",
      report: () => void worker.stop(),
    });
    await worker.done;
    assert.equal((await kv.tasks.get("1")).status, "cancelled");
  });

  it("refuses to begin without handlers", () => {
    assert.throws(() => new MemoryStore().tasks.worker({ handlers: {} }), { code: "invalid-argument" });
  });
});
