// Records, locks and tasks in pipelines and transactions, and how a batch wakes those who wait.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { KvError } from "omnikv";
import { onEach, pause } from "./record-stores.js";

describe("records in a batch", () => {
  onEach("a pipeline answers each of them", async (kv) => {
    const [put, patched, one, many, changes, token, task, deleted] = await kv
      .pipeline()
      .records.put("a", 0, { n: 1 }, { type: "N" })
      .records.patch("a", 1, { m: 2 })
      .records.get("a")
      .records.list({ type: "N" })
      .changes.read({ prefix: "a" })
      .locks.acquire("l", "me", 60)
      .tasks.create({ name: "mail", id: "1" })
      .records.delete("a")
      .exec();
    assert.deepEqual([put.version, patched.version, one.value], [1, 2, { n: 1, m: 2 }]);
    assert.deepEqual(many, [one]);
    assert.deepEqual(
      changes.map(({ action }) => action),
      ["create", "update"],
    );
    assert.equal(typeof token, "number");
    assert.deepEqual([task.status, deleted], ["pending", 1]);
  });

  onEach("errors stand in their places", async (kv) => {
    const [conflict, wrong, put] = await kv
      .pipeline()
      .records.put("a", 7, 1)
      .records.put("a", 0, undefined)
      .records.put("a", 0, 1)
      .exec();
    assert.deepEqual([conflict.code, conflict.op], ["conflict", "records.put"]);
    assert.deepEqual([wrong.code, put.version], ["invalid-argument", 1]);
    assert(wrong instanceof KvError);
    await assert.rejects(async () => kv.pipeline().records.put("a", 7, 1).exec({ throw: true }), {
      code: "conflict",
    });
  });

  onEach("a transaction has them beside plain keys, under its checks", async (kv) => {
    await kv.set("state", "open");
    const add = () =>
      kv.multi().check("state", "open").set("state", "done").records.put("order", 0, { n: 1 });
    const [ok, head] = await add().exec();
    assert.deepEqual([ok, head.version], ["OK", 1]);
    await assert.rejects(async () => add().exec(), { code: "conflict" });
    const [affected, read] = await kv
      .multi()
      .records.mutate([
        { put: "a", version: 0, value: 1 },
        { delete: "order" },
        { task: { name: "mail", id: "1" } },
      ])
      .records.getMany("a", "order")
      .exec();
    assert.deepEqual([affected, read[0].value, read[1]], [[1, 1, 1], 1, null]);
    assert.equal((await kv.tasks.get("1")).status, "pending");
    // A malformed operation refuses the whole.
    const malformed = async () => kv.multi().records.put("b", 0, 1).records.patch("b", 0.5, {}).exec();
    await assert.rejects(malformed, { code: "invalid-argument", op: "records.patch" });
    assert.equal(await kv.records.get("b"), null);
  });

  onEach("wakes those who wait for what it changes", async (kv, another) => {
    const done = [];
    const worker = kv.tasks.worker({
      handlers: {
        mail: ({ id }) => {
          done.push(id);
          if (id === "2") void worker.stop();
        },
      },
      // It finds tasks by being woken, or never.
      pollInterval: "1d",
    });
    for (const id of ["1", "2"]) {
      await pause();
      await another().multi().tasks.create({ name: "mail", id }).exec();
    }
    await worker.done;
    assert.deepEqual(done, ["1", "2"]);
  });
});
