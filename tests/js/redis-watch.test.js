// Watchers on Redis wait in the server: for changes by others, for expiry and through a restart, all on one connection.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { connect } from "omnikv";
import { pause, until } from "./record-stores.js";
import { startRedis } from "./redis-server.js";

/** Longer than the longest pause between looks of those who ask again and again. */
const QUIET_MS = 1_500;

/** A test that takes longer hangs. */
const timeout = 60_000;

/** Runs with a server, a store on it, and another program's. */
function on(name, run, ...settings) {
  it(name, { timeout }, async (t) => {
    const redis = await startRedis(...settings);
    t.after(() => redis.close());
    const open = async (parameters) => {
      const kv = await connect(redis.url + parameters);
      t.after(() => kv.close());
      return kv;
    };
    const [kv, other] = [await open("?retries=1000&timeout=50"), await open("?retries=1000&timeout=51")];
    await run(redis, kv, other.records, t);
  });
}

const stat = async (redis, section, name) =>
  Number(new RegExp(`^${name}(\\d+)`, "m").exec(await redis.run("INFO", section))?.[1] ?? 0);

/** Waits until this many clients are blocked in the server. */
const blocked = (redis, count) =>
  until(async () => (await stat(redis, "clients", "blocked_clients:")) === count);

/** How many scripts by hash it has run: every look at records is one. */
const looks = (redis) => stat(redis, "commandstats", "cmdstat_evalsha:calls=");

const watch = (kv, options) => kv.changes.watch({ from: 1, ...options });

describe("watchers on redis://", () => {
  on("share one blocked read and poll nothing", async (redis, kv, others) => {
    const [first, second] = [watch(kv, { prefix: "a" }), watch(kv, { prefix: "b" })];
    const both = [first.next(), second.next()];
    await blocked(redis, 1);
    // Their first looks may be under way.
    await pause(QUIET_MS);
    const before = await looks(redis);
    await pause(QUIET_MS);
    assert.equal(await looks(redis), before);
    await others.put("a", -1, 1);
    await others.put("b", -1, 2);
    const values = (await Promise.all(both)).map(({ value }) => value.record.value);
    assert.deepEqual(values, [1, 2]);
    await first.return();
    for (let value = 3; value < 13; value++) {
      const next = second.next();
      await blocked(redis, 1);
      await others.put("b", -1, value);
      assert.equal((await next).value.record.value, value);
    }
    const last = second.next();
    await second.return();
    assert.equal((await last).done, true);
    await blocked(redis, 0);
    // Two stores, and this test.
    assert.equal(await stat(redis, "clients", "connected_clients:"), 3);
  });

  on("end when their signal is aborted, or the store is closed", async (redis, kv, others) => {
    const end = new AbortController();
    const aborted = watch(kv, { signal: end.signal }).next();
    const closed = watch(kv).next();
    await blocked(redis, 1);
    end.abort();
    assert.deepEqual(await aborted, { done: true, value: undefined });
    const refused = assert.rejects(closed, { code: "closed" });
    await kv.close();
    await refused;
    await blocked(redis, 0);
    await others.put("a", -1, 1);
  });

  on("see a record expire", async (redis, kv, others) => {
    const changes = watch(kv);
    const created = changes.next();
    await blocked(redis, 1);
    await others.put("a", -1, 1, { ttl: "150ms" });
    assert.equal((await created).value.action, "create");
    assert.equal((await changes.next()).value.action, "delete");
    await changes.return();
  });

  on(
    "survive a restart of the server",
    async (redis, kv, others) => {
      const changes = watch(kv);
      for (const value of [1, 2]) {
        const next = changes.next();
        await blocked(redis, 1);
        await redis.kill();
        await redis.start();
        await others.put("a", -1, value);
        assert.equal((await next).value.seq, value);
      }
      await changes.return();
    },
    "--appendonly",
    "yes",
  );

  on("poll where they may not block", async (redis, kv, others) => {
    await redis.run("ACL", "SETUSER", "default", "-xread");
    const next = watch(kv).next();
    await until(async () => (await looks(redis)) > 8);
    await others.put("a", -1, 1);
    assert.equal((await next).value.seq, 1);
  });

  on("that are never ended do not keep a program whose store is closed", async (redis, kv, others, t) => {
    const script = new URL("left-watcher.js", import.meta.url).pathname;
    const program = spawn(process.execPath, [script, redis.url], { stdio: "inherit" });
    t.after(() => program.kill());
    assert.deepEqual(await once(program, "exit"), [0, null]);
  });

  on("of consumers wait in the server too", async (redis, kv, others) => {
    const batches = kv.consumer("c", { prefix: "a" })[Symbol.asyncIterator]();
    for (const value of [1, 2, 3]) {
      const next = batches.next();
      await blocked(redis, 1);
      await others.put("b", -1, value);
      await others.put("a", -1, value);
      assert.deepEqual(
        (await next).value.map(({ record }) => record.value),
        [value],
      );
    }
    await batches.return();
    await blocked(redis, 0);
  });
});
