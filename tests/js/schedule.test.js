// Schedules: what a cron expression creates, once however many hold it, and how they stop.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "omnikv";
import { onEach, pause, until } from "./record-stores.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const invalid = { code: "invalid-argument", op: "tasks.schedule" };

/** The moments of the tasks of a name, in the order of their creation. */
const momentsOf = async (kv, name) =>
  (await kv.tasks.list({ name })).map(({ scheduledFor }) => new Date(scheduledFor).toISOString());

describe("tasks.schedule", () => {
  onEach("has the task for the next moment in the store", async (kv) => {
    const schedule = await kv.tasks.schedule("report", "30 4 1 1 *", {
      payload: { of: "the year" },
      maxRetries: 1,
      timeout: "5m",
      priority: 2,
    });
    const [task, ...others] = await kv.tasks.list();
    assert.deepEqual(others, []);
    const moment = new Date(task.scheduledFor).toISOString();
    assert.match(moment, /^\d{4}-01-01T04:30:00\.000Z$/);
    assert(task.scheduledFor > Date.now());
    assert.deepEqual(
      [task.id, task.name, task.payload, task.maxRetries, task.timeoutMs, task.priority, task.status],
      [`report@${moment}`, "report", { of: "the year" }, 1, 5 * MINUTE, 2, "pending"],
    );
    await schedule.stop();
    await schedule.done;
    // It is not this process's alone.
    assert.equal((await kv.tasks.get(task.id)).status, "pending");
  });

  onEach("counts in a time zone", async (kv) => {
    const schedule = await kv.tasks.schedule("tea", "0 17 15 1 *", { timezone: "Asia/Kolkata" });
    assert.match((await momentsOf(kv, "tea"))[0], /^\d{4}-01-15T11:30:00/);
    await schedule.stop();
  });

  onEach("fires once, however many hold it and run it", async (kv, another) => {
    const handles = [kv, another(), another()];
    const seen = [];
    const workers = handles.map((handle) =>
      handle.tasks.worker({
        handlers: { tick: ({ scheduledFor }) => void seen.push(scheduledFor) },
        schedules: { tick: { expression: "* * * * * *", payload: 1 } },
        pollInterval: "50ms",
      }),
    );
    await until(() => seen.length >= 2);
    await Promise.all(workers.map((worker) => worker.stop()));
    const [first, second] = seen;
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(second - first, 1_000);
    const tasks = await kv.tasks.list({ name: "tick" });
    // What has run, and the next one.
    assert.equal(tasks.length, seen.length + 1);
  });

  onEach("stops by its signal, and is not begun by an aborted one", async (kv) => {
    const end = new AbortController();
    const { done } = await kv.tasks.schedule("report", "@yearly", { signal: end.signal });
    end.abort();
    await done;
    const { signal } = end;
    await assert.rejects(kv.tasks.schedule("other", "@yearly", { signal }), { code: "cancelled" });
    assert.deepEqual(await kv.tasks.list({ name: "other" }), []);
  });

  onEach("refuses what it cannot do", async (kv) => {
    for (const [name, expression, options, argument] of [
      ["", "* * * * *", {}, "name"],
      ["r", "* * * *", {}, "expression"],
      ["r", "61 * * * *", {}, "expression"],
      ["r", 5, {}, "expression"],
      ["r", "0 0 31 2 *", {}, "expression"],
      ["r", "* * * * *", { timezone: "Mars/Olympus" }, "timezone"],
      ["r", "* * * * *", { id: "1" }, "options"],
      ["r", "* * * * *", { unique: "r" }, "options"],
      ["r", "* * * * *", { signal: 1 }, "signal"],
    ]) {
      const message = new RegExp(`\\(${argument}\\)`);
      await assert.rejects(kv.tasks.schedule(name, expression, options), { ...invalid, message });
    }
    await assert.rejects(kv.tasks.schedule("r", "* * * * *", { payload: NaN }), {
      code: "invalid-argument",
      message: /\(payload\)/,
    });
    assert.deepEqual(await kv.tasks.list(), []);
  });

  onEach("leaves the expression and the payload out of messages", async (kv) => {
    const error = await kv.tasks.schedule("r", "secret").catch((thrown) => thrown);
    assert.doesNotMatch(error.message, /secret/);
    assert.match(error.cause.message, /secret/);
  });
});

describe("tasks.schedule, over time", () => {
  /** A store and a way to let its time and its timers go on. */
  function inTime(t, start) {
    t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: new Date(start) });
    const turns = async () => {
      for (let turn = 0; turn < 50; turn++) await null;
    };
    return async (ms) => {
      t.mock.timers.tick(ms);
      await turns();
    };
  }

  it("creates one task after the other", async (t) => {
    const pass = inTime(t, "2026-11-30T10:01:00Z");
    const kv = new MemoryStore();
    const schedule = await kv.tasks.schedule("report", "*/5 * * * *");
    assert.deepEqual(await momentsOf(kv, "report"), ["2026-11-30T10:05:00.000Z"]);
    await pass(4 * MINUTE - 1);
    assert.equal(kv.tasks.lock("w", 60, ["report"]), null);
    await pass(1);
    assert.equal(kv.tasks.lock("w", 60, ["report"]).id, "report@2026-11-30T10:05:00.000Z");
    await pass(5 * MINUTE);
    assert.deepEqual(await momentsOf(kv, "report"), [
      "2026-11-30T10:05:00.000Z",
      "2026-11-30T10:10:00.000Z",
      "2026-11-30T10:15:00.000Z",
    ]);
    await schedule.stop();
    await pass(DAY);
    assert.equal((await momentsOf(kv, "report")).length, 3);
  });

  it("makes up for one firing after a time when nobody ran", async (t) => {
    const pass = inTime(t, "2026-11-30T10:00:00Z");
    const kv = new MemoryStore();
    const stopped = await kv.tasks.schedule("report", "0 3 * * *");
    await stopped.stop();
    await pass(10 * DAY);
    const schedule = await kv.tasks.schedule("report", "0 3 * * *");
    assert.equal(kv.tasks.lock("w", 60, ["report"]).id, "report@2026-12-01T03:00:00.000Z");
    assert.equal(kv.tasks.lock("w", 60, ["report"]), null);
    assert.equal((await momentsOf(kv, "report")).at(-1), "2026-12-11T03:00:00.000Z");
    await schedule.stop();
  });

  it("waits longer than a timer can", async (t) => {
    const pass = inTime(t, "2026-01-01T12:00:00Z");
    const kv = new MemoryStore();
    const schedule = await kv.tasks.schedule("report", "0 0 1 1 *");
    await pass(100 * DAY);
    assert.deepEqual(await momentsOf(kv, "report"), ["2027-01-01T00:00:00.000Z"]);
    await pass(300 * DAY);
    await pass(1);
    assert.deepEqual((await momentsOf(kv, "report")).slice(1), ["2028-01-01T00:00:00.000Z"]);
    await schedule.stop();
  });

  it("ends with its last moment", async (t) => {
    const pass = inTime(t, "2026-11-30T10:00:00Z");
    const kv = new MemoryStore();
    const { done } = await kv.tasks.schedule("once", "2026-12-01T00:00:00");
    await pass(DAY);
    await done;
    assert.deepEqual(await momentsOf(kv, "once"), ["2026-12-01T00:00:00.000Z"]);
  });

  it("tries again after an error, and ends with its store", async (t) => {
    const pass = inTime(t, "2026-11-30T10:00:30Z");
    const kv = new MemoryStore({ maxBytes: 2_000 });
    const errors = [];
    const schedule = await kv.tasks.schedule("report", "* * * * *", {
      onError: (error) => errors.push(error.code),
    });
    kv.set("full", "x".repeat(2_000 - kv.stats().bytes - 100));
    await pass(MINUTE);
    assert.equal((await momentsOf(kv, "report")).length, 1);
    kv.flush();
    await pass(1_000);
    assert.deepEqual(await momentsOf(kv, "report"), ["2026-11-30T10:02:00.000Z"]);
    assert.deepEqual(new Set(errors), new Set(["out-of-memory"]));
    kv.close();
    await pass(MINUTE);
    await schedule.done;
    assert.equal(errors.at(-1), "closed");
  });
});
