// A store in Durable Objects beyond the conformance cases: it survives workerd, removes expired entries, and
// distributes its keys.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { rows } from "./rows.js";
import { bundle, remove, start } from "./start.js";

const OBJECTS = { OBJECTS: { className: "OmnikvObject", useSQLite: true } };

describe("Durable Objects", () => {
  let root;
  let storage;
  let server;

  const open = async () => {
    server = await start(root, { durableObjects: OBJECTS, durableObjectsPersist: storage });
  };
  const run = async (calls, options, url) => {
    const body = JSON.stringify({ url, calls, options });
    const response = await fetch(server.url, { method: "POST", body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  };

  before(async () => {
    root = await bundle("objects-worker.js");
    storage = mkdtempSync(join(tmpdir(), "omnikv-objects-"));
    await open();
  });

  after(async () => {
    await server?.close();
    remove(root);
    rmSync(storage, { recursive: true });
  });

  it("keeps everything it has acknowledged when workerd is killed", async () => {
    let acknowledged = 0;
    const writing = (async () => {
      for (;;) {
        const [count] = await run([["incr", "count"]]);
        acknowledged = count;
        if (count >= 50) server.kill();
      }
    })();
    await assert.rejects(writing);
    await server.gone();
    assert(acknowledged >= 50, `${acknowledged} were acknowledged`);
    await open();
    const [count] = await run([["get", "count"]]);
    // One more may have been written whose answer was still on its way.
    assert([acknowledged, acknowledged + 1].includes(Number(count)), `${count} after ${acknowledged}`);
  });

  it("removes expired entries with an alarm", async () => {
    assert.deepEqual(
      await run([
        ["set", "short", "1", { ttlMs: 300 }],
        ["set", "long", "1", { ttl: 3600 }],
        ["set", "kept", "1"],
      ]),
      ["OK", "OK", "OK"],
    );
    assert.equal(rows(storage, "SELECT count(*) FROM omnikv WHERE key = 'long'"), 1);
    for (;;) {
      if (rows(storage, "SELECT count(*) FROM omnikv WHERE key = 'short'") === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(rows(storage, "SELECT count(*) FROM omnikv WHERE key IN ('long', 'kept')"), 2);
  });

  it("rejects a value too large for a row, and loses nothing", async () => {
    const large = "x".repeat(2_000_000);
    const [before, refused, after] = await run([
      ["set", "large", "small"],
      ["set", "large", large],
      ["get", "large"],
    ]);
    assert.deepEqual([before, refused.code, after], ["OK", "too-large", "small"]);
    const fits = "x".repeat(1_900_000);
    const [, length] = await run([
      ["set", "large", fits],
      ["strlen", "large"],
    ]);
    assert.equal(length, fits.length);
  });

  it("distributes keys over objects, and finds them all", async () => {
    const options = { shards: 5 };
    const keys = Array.from({ length: 60 }, (_, number) => `key:${String(number).padStart(2, "0")}`);
    await run(
      keys.map((key) => ["set", key, key]),
      options,
    );
    const [all, count, range, last, random, stats] = await run(
      [
        ["keys", "key:*"],
        ["count", "key:"],
        ["range", "key:", null, { limit: 7 }],
        ["range", "key:", null, { limit: 2, reverse: true }],
        ["randomkey"],
        ["stats"],
      ],
      options,
    );
    assert.deepEqual(all.sort(), keys);
    assert.deepEqual([count, stats.keys], [60, 60]);
    assert.deepEqual(
      range.map(([key]) => key),
      keys.slice(0, 7),
    );
    assert.deepEqual(
      last.map(([key]) => key),
      ["key:59", "key:58"],
    );
    assert(keys.includes(random));
    // The scan visits every object, and returns each key once.
    const found = [];
    let cursor = "0";
    do {
      const [page] = await run([["scan", cursor, { count: 5 }]], options);
      found.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== "0");
    assert.deepEqual(found.sort(), keys);
    const [tagged, mixed, , deleted, left] = await run(
      [
        ["mset", { "{user:1}:a": "1", "{user:1}:b": "2" }],
        ["mset", { a: "1", b: "2" }],
        ["del", "{user:1}:a", "{user:1}:b"],
        ["deleteRange", "key:"],
        ["count", ""],
      ],
      options,
    );
    assert.equal(tagged, "OK");
    assert.equal(mixed.code, "unsupported");
    assert.match(mixed.message, /\{tag\}/);
    assert.deepEqual([deleted, left], [60, 0]);
  });

  it("reports an invalid name or number", async () => {
    for (const [url, options, code] of [
      ["durable-object:MISSING", {}, "invalid-argument"],
      ["cloudflare-kv:OBJECTS", {}, "invalid-argument"],
      ["durable-object:OBJECTS", { shards: 0 }, "invalid-argument"],
      ["sqlite:file.db", {}, "Workers have no SQLite files. Use a Durable Object"],
    ]) {
      const body = JSON.stringify({ url, options, calls: [["get", "a"]] });
      const response = await fetch(server.url, { method: "POST", body });
      assert.equal(response.status, 500);
      assert.match(await response.text(), new RegExp(code === "invalid-argument" ? "expects|has no" : code));
    }
  });
});
