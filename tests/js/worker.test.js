// Workers: their schedules, what ends them, and the handlers for trying things out.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, echo, log, MemoryStore } from "omnikv";
import { onEach, pause } from "./record-stores.js";

describe("tasks.worker", () => {
  onEach("has the seed's handlers: log and echo print the payload", async (kv, another) => {
    const lines = [];
    const { log: original } = console;
    console.log = (...line) => lines.push(line);
    try {
      await another().tasks.create({ name: "log", payload: { message: "Hello World" }, priority: 1 });
      await another().tasks.create({ name: "echo", payload: { message: "Hello World" } });
      const worker = kv.tasks.worker({
        handlers: { log, echo },
        report: ({ task }) => void (task.name === "echo" && worker.stop()),
      });
      await worker.done;
    } finally {
      console.log = original;
    }
    assert.deepEqual(lines, [[{ message: "Hello World" }], ['{"message":"Hello World"}']]);
  });

  onEach("holds schedules of names that it handles", async (kv) => {
    const worker = kv.tasks.worker({ handlers: { report: () => {} }, schedules: { report: "@yearly" } });
    while ((await kv.tasks.list({ name: "report" })).length === 0) await pause();
    await worker.stop();
    const handlers = { report: () => {} };
    assert.throws(() => kv.tasks.worker({ handlers, schedules: { rapport: "@yearly" } }), {
      code: "invalid-argument",
      message: /\(schedules\)/,
    });
    for (const given of [
      "nonsense",
      { expression: "@yearly", timezone: "Mars/Olympus" },
      { expression: "@yearly", every: 5 },
    ]) {
      const { done } = kv.tasks.worker({ handlers, schedules: { report: given } });
      await assert.rejects(done, { code: "invalid-argument", op: "tasks.schedule" });
    }
  });

  it("ends when its store is closed", async () => {
    for (const kv of [new MemoryStore(), await connect("memory:")]) {
      const errors = [];
      const onError = (error) => errors.push(error);
      const worker = kv.tasks.worker({
        handlers: { log },
        schedules: { log: "@yearly" },
        pollInterval: "5ms",
        onError,
      });
      await pause();
      await kv.close();
      await worker.done;
      assert.deepEqual(errors, []);
    }
  });

  it("rejects where there are no tasks", async () => {
    const kv = await connect("cloudflare-kv://:token@account/names");
    await assert.rejects(kv.tasks.worker({ handlers: { log } }).done, { code: "unsupported" });
    await kv.close();
  });

  onEach("an error's message may hold lone surrogates", async (kv) => {
    await kv.tasks.create({ name: "bad", id: "1", maxRetries: 0 });
    const fail = () => {
      throw new Error("half \ud83d of it");
    };
    const worker = kv.tasks.worker({ handlers: { bad: fail }, report: () => void worker.stop() });
    await worker.done;
    assert.deepEqual((({ status, error }) => [status, error])(await kv.tasks.get("1")), [
      "failed",
      "half \ufffd of it",
    ]);
  });

  onEach("a timeout longer than a timer can wait does not end the task at once", async (kv) => {
    await kv.tasks.create({ name: "long", id: "1", timeout: "60d" });
    const worker = kv.tasks.worker({
      handlers: { long: () => pause(20) },
      lockDuration: "90d",
      report: () => void worker.stop(),
    });
    await worker.done;
    assert.equal((await kv.tasks.get("1")).status, "completed");
  });
});

describe("tasks.create", () => {
  onEach("names the argument that JSON would change", async (kv) => {
    for (const [task, argument] of [
      [{ name: "t", payload: NaN }, "payload"],
      [{ name: "t", payload: { n: Infinity } }, "payload"],
      [{ name: "t", payload: { n: 1n } }, "payload"],
      [{ name: "t", payload: () => {} }, "payload"],
      [{ name: "t", payload: [undefined] }, "payload"],
      [{ name: "t", payload: new Map() }, "payload"],
      [{ name: "t", maxRetries: 1.5 }, "maxRetries"],
      [{ name: "t", priority: NaN }, "priority"],
      [{ name: "t", timeout: "soon" }, "timeout"],
      [{ name: "t", scheduledFor: new Date(NaN) }, "scheduledFor"],
      [{ name: "t", scheduledFor: -5 }, "scheduledFor"],
      [{ name: "t", scheduledFor: "tomorrow" }, "scheduledFor"],
      [{ name: "t", id: 5 }, "id"],
      [{ name: "t", unique: null }, "unique"],
      [{ name: undefined }, "name"],
    ]) {
      const expected = { code: "invalid-argument", message: new RegExp(`\\(${argument}\\)`) };
      await assert.rejects(async () => kv.tasks.create(task), expected);
      await assert.rejects(async () => kv.records.mutate([{ task }]), expected);
    }
    await assert.rejects(async () => kv.records.put("a", -1, { n: [NaN] }), {
      code: "invalid-argument",
      message: /^records\.put \(value\) .* at \.n\[0\] it holds NaN/,
    });
    // A property that is undefined is left out, and read as undefined again.
    const { payload } = await kv.tasks.create({ name: "t", payload: { a: 1, b: undefined } });
    assert.deepEqual(payload, { a: 1 });
    assert.equal((await kv.tasks.create({ name: "t" })).payload, null);
  });
});
