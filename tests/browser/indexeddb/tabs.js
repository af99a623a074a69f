// Tests of records in several tabs: what one of them writes, the others see, and nothing happens twice.

import assert from "node:assert/strict";
import { it } from "node:test";

/** Creates the tests; `tabs(t, count)` opens tabs. */
export function recordsInTabs(tabs) {
  it("of two tabs that put the same version of a record, one wins", async (t) => {
    const pages = await tabs(t, 2);
    const rounds = 60;
    const put = async (rounds) => {
      const kv = await omnikv.connect("indexeddb:app");
      const outcomes = [];
      for (let version = 0; version < rounds;) {
        const outcome = await kv.records.put("doc", version, { version }).then(
          () => "won",
          ({ code }) => code,
        );
        outcomes.push(outcome);
        version = (await kv.records.get("doc")).version;
      }
      return outcomes;
    };
    const outcomes = (await Promise.all(pages.map((page) => page.evaluate(put, rounds)))).flat();
    const won = outcomes.filter((outcome) => outcome === "won").length;
    assert.equal(won, rounds);
    assert(outcomes.every((outcome) => ["won", "conflict"].includes(outcome)));
  });

  it("the stream has each change of two tabs once, in order", async (t) => {
    const pages = await tabs(t, 2);
    const write = async (tab) => {
      const kv = await omnikv.connect("indexeddb:app");
      const writes = Array.from({ length: 60 }, (_, index) => index);
      await Promise.all(writes.map((index) => kv.records.put(`${tab}:${index}`, 0, index)));
    };
    await Promise.all(pages.map((page, tab) => page.evaluate(write, tab)));
    const [changes, records] = await pages[0].evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      return [await kv.changes.read(), await kv.records.list()];
    });
    assert.deepEqual(
      changes.map(({ seq }) => seq),
      Array.from({ length: 120 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      changes.map(({ record }) => record.key).toSorted(),
      records.map(({ key }) => key).toSorted(),
    );
    for (const { stamp, key } of records) assert.equal(changes[stamp - 1].record.key, key);
  });

  it("workers in two tabs run each task once", async (t) => {
    const pages = await tabs(t, 2);
    await pages[0].evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      for (let index = 0; index < 40; index++) await kv.tasks.create({ name: "send", payload: index });
    });
    const work = async () => {
      const kv = await omnikv.connect("indexeddb:app");
      const done = [];
      const handlers = { send: ({ payload }) => done.push(payload) };
      const worker = kv.tasks.worker({ handlers, concurrency: 3 });
      while ((await kv.tasks.list({ status: "completed" })).length < 40) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await worker.stop();
      return done;
    };
    const done = (await Promise.all(pages.map((page) => page.evaluate(work)))).flat();
    assert.deepEqual(
      done.toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index),
    );
  });

  it("a lock is held by one tab at a time, with growing tokens", async (t) => {
    const pages = await tabs(t, 2);
    const hold = async () => {
      const kv = await omnikv.connect("indexeddb:app");
      const held = [];
      for (let time = 0; time < 15; time++) {
        await kv.locks.withLock("gate", async ({ token }) => {
          // Not atomic: it is only right under the lock.
          const count = Number((await kv.get("count")) ?? 0);
          await kv.set("count", count + 1);
          held.push([count, token]);
        });
      }
      return held;
    };
    const held = (await Promise.all(pages.map((page) => page.evaluate(hold)))).flat();
    const inOrder = held.toSorted(([a], [b]) => a - b);
    assert.deepEqual(
      inOrder.map(([count]) => count),
      Array.from({ length: 30 }, (_, index) => index),
    );
    assert(inOrder.every(([, token], index) => index === 0 || token > inOrder[index - 1][1]));
  });

  it("a watcher hears of another tab's changes without asking", async (t) => {
    const [watching, writing] = await tabs(t, 2);
    await watching.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      // Whoever asks again after a while never does.
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (run, ms, ...rest) => setTimeout(run, ms >= 1_000 ? 2 ** 31 - 1 : ms, ...rest);
      globalThis.heard = [];
      (async () => {
        for await (const { record, action } of kv.changes.watch({ from: 1 }))
          heard.push(`${action} ${record.key}`);
      })();
      // It has looked once, and waits.
      while ((await kv.changes.latest()) > 0) continue;
    });
    for (const key of ["a", "b"]) {
      await writing.evaluate(
        (key) => omnikv.connect("indexeddb:app").then((kv) => kv.records.put(key, 0, 1)),
        key,
      );
      await watching.waitForFunction((key) => heard.at(-1) === `create ${key}`, key);
    }
    assert.deepEqual(await watching.evaluate(() => heard), ["create a", "create b"]);
  });
}
