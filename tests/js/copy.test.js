// `copyStore`: the cases that the Rust library is held to as well, random contents through stores of every kind, and
// what it is told.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { connect, copyStore, MemoryStore } from "omnikv";
import { copyThrough, fill, linesOf, plain, random } from "./copying.js";
import { startPostgres } from "./postgres-server.js";
import { startRedis } from "./redis-server.js";

const CASES = JSON.parse(readFileSync(new URL("../copy/cases.json", import.meta.url), "utf8"));
const SEED = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);

/** Newer versions of Node have SQLite; `npm run test:24` runs these tests with one. */
const hasSqlite = process.getBuiltinModule("node:sqlite") !== undefined;

describe("a copy", () => {
  for (const { name, from, to = [], existing, dryRun, counts, error, then, ...more } of CASES) {
    it(`as in Rust: ${name}`, async () => {
      const [source, target] = [new MemoryStore(), new MemoryStore()];
      await fill(source, from);
      await fill(target, to);
      const copy = copyStore(source, target, { existing, dryRun, page: 2 });
      if (error !== undefined) await assert.rejects(copy, { code: error, op: "copyStore" });
      else {
        const { done, total, ...found } = await copy;
        assert.deepEqual(found, counts);
        assert.equal(
          done,
          Object.values(counts).reduce((sum, each) => sum + each),
        );
        assert.equal(total, source.count("") + source.records.count());
      }
      assert.deepEqual(await linesOf(target), plain(then === "from" ? from : to));
      if (more.latestIsBeyond) assert.ok(target.changes.latest() > more.latestIsBeyond);
      for (const [consumer, unread] of Object.entries(more.unread ?? {})) {
        const { position } = target.consumers.status(consumer);
        assert.equal(target.changes.read({ from: position + 1 }).length, unread, consumer);
      }
    });
  }

  const open = [];
  let count = 0;
  const ends = [];
  after(async () => {
    for (const store of open) await store.close();
    for (const end of ends) await end();
  });
  const kinds = {
    memory: () => new MemoryStore(),
    "memory:": () => connect(`memory:copy-${++count}`),
    redis: async () => {
      const server = await startRedis();
      ends.push(() => server.close());
      return connect(server.url);
    },
    postgres: async () => {
      const server = await startPostgres();
      ends.push(() => server.close());
      return connect(server.url());
    },
    ...(hasSqlite && {
      sqlite: () => {
        const folder = mkdtempSync(join(tmpdir(), "omnikv-copy-"));
        ends.push(() => rmSync(folder, { recursive: true }));
        return connect(`sqlite:${join(folder, "copy.db")}`);
      },
    }),
  };

  it(`through stores of every kind (OMNIKV_SEED=${SEED} repeats it)`, async () => {
    // In another order each time.
    const below = random(SEED);
    const order = Object.keys(kinds).map((kind) => [below(2 ** 31), kind]);
    order.sort(([a], [b]) => a - b);
    for (const kind of [...order.map(([, kind]) => kind), "memory"]) open.push(await kinds[kind]());
    assert.equal(await copyThrough(copyStore, open, SEED), undefined);
  });

  it("goes on where it was interrupted", async () => {
    const [from, to] = [new MemoryStore(), await connect("memory:")];
    for (let index = 0; index < 50; index++) {
      from.set(`k${index}`, "1");
      from.records.put(`r${index}`, -1, index);
    }
    const stop = new AbortController();
    const onProgress = ({ done }) => done >= 60 && stop.abort(new Error("enough"));
    const copy = copyStore(from, to, { page: 10, onProgress, signal: stop.signal });
    await assert.rejects(copy, { code: "cancelled" });
    assert.equal(await to.records.count(), 10);
    const { keys, records, kept } = await copyStore(from, to, { page: 10 });
    assert.deepEqual([keys, records, kept], [0, 40, 60]);
  });

  it("an error of onProgress ends it", async () => {
    const onProgress = () => {
      throw new Error("mine");
    };
    await assert.rejects(copyStore(new MemoryStore(), new MemoryStore(), { onProgress }), /mine/);
  });

  it("copies what is under a prefix, from one prefix to another", async () => {
    const [from, to] = [new MemoryStore(), new MemoryStore({ prefix: "saved" })];
    from.mset({ "app:a": "1", other: "2" });
    from.records.put("app:r", -1, 1);
    assert.equal((await copyStore(from, to, { prefix: "app" })).done, 2);
    assert.deepEqual([to.keys("*"), to.records.list().map(({ key }) => key)], [["app:a"], ["app:r"]]);
    await copyStore(from.withPrefix("app"), to);
    assert.deepEqual(to.keys("*").toSorted(), ["a", "app:a"]);
    // Both are still open.
    assert.equal(from.get("other"), "2");
  });

  it("ignores serializers and default TTLs, and keeps the text of JSON", async () => {
    const [from, to] = [new MemoryStore(), new MemoryStore({ serializer: "json", defaultTtl: 60 })];
    from.set("a", "no JSON");
    await copyStore(from, to);
    assert.deepEqual([to.get("a", { as: "text" }), to.ttl("a")], ["no JSON", -1]);
  });

  it("copies collections of many elements", async () => {
    const [from, to] = [new MemoryStore(), await connect("memory:")];
    const items = Array.from({ length: 25_000 }, (_, index) => String(index));
    from.rpush("list", items);
    await copyStore(from, to);
    assert.deepEqual(await to.lrange("list", 0, -1), items);
  });

  it("wakes those who watch the target", async () => {
    const [from, to] = [new MemoryStore(), new MemoryStore()];
    from.records.put("a", -1, 1);
    const stop = new AbortController();
    const watching = to.changes.watch({ signal: stop.signal });
    const next = watching.next();
    await copyStore(from, to);
    assert.equal((await next).value.record.key, "a");
    stop.abort();
  });

  it("refuses what is no store and no option", async () => {
    const store = new MemoryStore();
    for (const wrong of [undefined, null, {}, "memory:"]) {
      await assert.rejects(copyStore(store, wrong), {
        code: "invalid-argument",
        message: /\(to\) expects a store/,
      });
    }
    for (const wrong of [{ page: 0 }, { existing: "overwrite" }, { overwrite: true }, { onProgress: 1 }]) {
      await assert.rejects(copyStore(store, store, wrong), { code: "invalid-argument" });
    }
  });
});
