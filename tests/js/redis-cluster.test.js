// A Redis Cluster of three servers, and a master found through Sentinel, from Node. Native Rust's tests of them are in
// tests/redis_cluster.rs; both run the same code.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { connect } from "omnikv";
import { until } from "./record-stores.js";
import { freePort, startRedis } from "./redis-server.js";
import { dial } from "./resp.js";

/** A test that takes longer hangs. */
const timeout = 120_000;

async function startCluster() {
  const start = async () => {
    // The cluster bus needs its own free port.
    const bus = await freePort();
    const server = await startRedis("--cluster-enabled", "yes", "--cluster-port", bus);
    return Object.assign(server, { bus });
  };
  const servers = [await start(), await start(), await start()];
  for (const [index, slots] of [
    [0, 5460],
    [5461, 10922],
    [10923, 16383],
  ].entries()) {
    await servers[index].run("CLUSTER", "ADDSLOTSRANGE", ...slots);
    for (const { port, bus } of servers) await servers[index].run("CLUSTER", "MEET", "127.0.0.1", port, bus);
  }
  const isReady = async (server) => {
    const info = await server.run("CLUSTER", "INFO");
    return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
  };
  await until(async () => (await Promise.all(servers.map(isReady))).every(Boolean));
  return servers;
}

it("redis+cluster:// finds keys, follows slots and watches", { timeout }, async (t) => {
  const servers = await startCluster();
  t.after(() => Promise.all(servers.map((server) => server.close())));
  // The third server is discovered.
  const [a, b] = servers.map(({ port }) => `127.0.0.1:${port}`);
  const kv = await connect(`redis+cluster://${a},${b}`);
  t.after(() => kv.close());
  const keys = Array.from({ length: 100 }, (_, index) => `k:${index}`);
  await Promise.all(keys.map((key) => kv.set(key, key)));
  const sizes = await Promise.all(servers.map((server) => server.run("DBSIZE")));
  assert(
    sizes.every((size) => size > 10),
    String(sizes),
  );
  const chain = kv.pipeline();
  for (const key of keys) chain.get(key);
  assert.deepEqual(await chain.exec(), keys);
  assert.deepEqual((await kv.keys("k:*")).sort(), [...keys].sort());
  assert.equal(await kv.count("k:"), 100);

  await assert.rejects(kv.mset({ a: "1", b: "2" }), { code: "unsupported", message: /\{tag\}/ });
  await kv.mset({ "{a}1": "x", "{a}2": "y" });
  assert.deepEqual(await kv.multi().get("{a}1").rename("{a}1", "{a}3").exec(), ["x", "OK"]);

  const changes = kv.changes.watch({ from: 1 });
  const next = changes.next();
  const isBlocked = async (server) => (await server.run("INFO", "clients")).includes("blocked_clients:1");
  await until(async () => (await Promise.all(servers.map(isBlocked))).some(Boolean));
  await kv.records.put("a", 0, { n: 1 });
  assert.deepEqual((await next).value.record.value, { n: 1 });
  await changes.return();

  // The slot of `foo` moves from the third server to the first.
  const slot = 12182;
  const [first, , third] = servers;
  await kv.set("{foo}old", 1);
  await first.run("CLUSTER", "SETSLOT", slot, "IMPORTING", await third.run("CLUSTER", "MYID"));
  await third.run("CLUSTER", "SETSLOT", slot, "MIGRATING", await first.run("CLUSTER", "MYID"));
  assert.deepEqual([await kv.incr("{foo}new"), await kv.incr("{foo}old")], [1, 2]);
  await third.run("MIGRATE", "127.0.0.1", first.port, "{foo}old", 0, 5000);
  assert.equal(await kv.incr("{foo}old"), 3);
  const id = await first.run("CLUSTER", "MYID");
  for (const server of servers) await server.run("CLUSTER", "SETSLOT", slot, "NODE", id);
  assert.deepEqual(await kv.multi().incr("{foo}old").incr("{foo}new").exec(), [4, 2]);

  await assert.rejects(
    connect(`redis+cluster://${a}/2`).then((store) => store.get("a")),
    {
      code: "invalid-argument",
    },
  );
});

async function startSentinel(t, port) {
  const folder = mkdtempSync(join(tmpdir(), "omnikv-sentinel-"));
  const file = join(folder, "sentinel.conf");
  const settings = [
    `sentinel monitor cache 127.0.0.1 ${port} 1`,
    "sentinel down-after-milliseconds cache 2000",
    "sentinel failover-timeout cache 3000",
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  const own = await freePort();
  const given = [file, "--sentinel", "--bind", "127.0.0.1", "--port", String(own)];
  const server = spawn("redis-server", given, { stdio: "ignore" });
  t.after(async () => {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    rmSync(folder, { recursive: true });
  });
  const run = (...words) => ask(own, ...words);
  await until(async () => (await run("PING").catch(() => undefined)) === "PONG");
  return { port: own, run };
}

/** Asks on a connection of its own: a failover closes all that are open. */
async function ask(port, ...words) {
  const connection = dial(port);
  try {
    const [reply] = await connection.ask([words]);
    return reply instanceof Buffer ? String(reply) : reply;
  } finally {
    connection.close();
  }
}

it("redis+sentinel:// follows a failover", { timeout }, async (t) => {
  const master = await startRedis();
  const replica = await startRedis("--replicaof", "127.0.0.1", master.port);
  t.after(() => Promise.all([master.close(), replica.close()]));
  const sentinel = await startSentinel(t, master.port);
  await until(async () => (await sentinel.run("SENTINEL", "REPLICAS", "cache")).length === 1);
  // One of the Sentinels is away.
  const url = `redis+sentinel://127.0.0.1:${await freePort()},127.0.0.1:${sentinel.port}/cache`;
  const kv = await connect(url);
  t.after(() => kv.close());
  await kv.set("k", "v");
  await until(async () => (await ask(replica.port, "GET", "k")) === "v");
  await master.kill();
  const write = async () => {
    try {
      return (await kv.set("k", "w")) === "OK";
    } catch ({ code }) {
      assert(["unavailable", "timeout", "permission-denied"].includes(code), code);
      return false;
    }
  };
  await until(write);
  assert.equal(await ask(replica.port, "GET", "k"), "w");
  const nobody = await connect(url.replace("/cache", "/nobody"));
  await assert.rejects(nobody.get("k"), { code: "unavailable" });
  await nobody.close();
});
