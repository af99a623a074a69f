// Runs every row for every library, interleaved, and prints medians with their ratio to ours. --json FILE also writes
// them to a file; --rows and --peers filter by a regular expression. Times are processor time, including helper
// threads. The row "records" has a table of its own: ours alone, in memory and on the store of each --url.

import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { peers as all } from "./peers.js";
import { recordsTable } from "./records.js";
import { loop, rows, userKey, VALUE } from "./rows.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "40" },
    rows: { type: "string", default: "" },
    peers: { type: "string", default: "" },
    url: { type: "string", multiple: true, default: [] },
    memory: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const peers = all.filter(({ name }) => new RegExp(options.peers).test(name));
const WARM_UP_MS = 200;
/** The minimum duration of a turn: short operations are repeated until they can be measured. */
const TURN_NS = 4e6;
const EXPIRING = 100_000;
const ENTRIES = 1_000_000;

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** One library's turn: nanoseconds per operation. */
async function turn(one, count) {
  let spent = 0;
  let done = 0;
  do {
    spent += (await one.run(one.store, one.from)) * count;
    one.from += count;
    done += count;
  } while (spent < TURN_NS);
  return spent / done;
}

/** Medians in nanoseconds per operation, by library. */
async function measure(row) {
  const runs = [];
  for (const peer of peers) {
    const run = loop(peer, row);
    if (!run) continue;
    const store = await peer.open();
    await peer.clear(store);
    await row.setup(peer, store, row);
    runs.push({ peer, store, run, from: 0, times: [] });
  }
  // Warm up until the engine has compiled the loop: some loops are one operation long.
  for (const one of runs) {
    progress(`${row.name}: ${one.peer.name}`);
    const until = performance.now() + WARM_UP_MS;
    for (let times = 0; times < 2 || performance.now() < until; times++) await turn(one, row.count);
  }
  for (let round = 0; round < rounds / (row.seldom ?? 1); round++) {
    progress(`${row.name}: ${round}`);
    // Each round begins with another library: one that follows much garbage, or full caches, pays for it.
    for (let place = 0; place < runs.length; place++) {
      const one = runs[(round + place) % runs.length];
      one.times.push(await turn(one, row.count));
    }
  }
  for (const { peer, store } of runs) await peer.clear(store);
  globalThis.gc?.();
  return Object.fromEntries(runs.map(({ peer, times }) => [peer.name, median(times)]));
}

/** Nanoseconds per key to remove many expired keys. */
async function measureExpiry() {
  const keys = Array.from({ length: EXPIRING }, (_, i) => userKey(i));
  const times = {};
  for (const peer of peers.filter((peer) => peer.purge)) {
    progress(`expiry: ${peer.name}`);
    const samples = [];
    for (let round = 0; round < 5; round++) {
      const store = await peer.open();
      await peer.clear(store);
      for (const key of keys) await peer.expireIn(store, key, VALUE, 500);
      await new Promise((resolve) => setTimeout(resolve, 700));
      const begin = process.cpuUsage();
      await peer.purge(store, keys);
      const { user, system } = process.cpuUsage(begin);
      samples.push(((user + system) * 1e3) / EXPIRING);
      await peer.clear(store);
    }
    times[peer.name] = median(samples);
  }
  return times;
}

/** Bytes per entry with a million entries, each library in its own process. */
async function measureMemory() {
  const bytes = {};
  for (const peer of peers) {
    progress(`memory: ${peer.name}`);
    bytes[peer.name] = await new Promise((resolve, reject) => {
      const child = fork(new URL(import.meta.url), ["--memory", peer.name], {
        execArgv: ["--expose-gc", "--max-old-space-size=8000"],
      });
      child.on("message", resolve);
      child.on("exit", (code) => code && reject(new Error(`${peer.name} ended with ${code}`)));
    });
  }
  return bytes;
}

async function weigh(name) {
  const peer = peers.find((peer) => peer.name === name);
  const used = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const store = await peer.open();
  const set = new Function("s", "k", "v", `return ${peer.set}`);
  const get = new Function("s", "k", `return ${peer.get}`);
  await set(store, "warm", "up");
  const before = used();
  for (let i = 0; i < ENTRIES; i++) await set(store, userKey(i), `${i}${VALUE}`.slice(0, 32));
  const bytes = (used() - before) / ENTRIES;
  // Read afterwards, so that nothing could be collected before.
  if ((await get(store, userKey(ENTRIES - 1))) === undefined) throw new Error(`${name} has lost its entries`);
  process.send(bytes);
}

function table(results) {
  const ours = peers[0].name;
  const header = ["", ...peers.map((peer) => peer.name)];
  const lines = results.map(({ name, unit, values }) => [
    `${name} (${unit})`,
    ...peers.map((peer) => {
      const value = values[peer.name];
      if (value === undefined) return "–";
      const shown = value >= 10_000 ? `${(value / 1000).toFixed(0)}k` : value.toFixed(0);
      return peer.name === ours
        ? shown
        : `${shown} (${(value / values[ours]).toFixed(value / values[ours] < 10 ? 1 : 0)}×)`;
    }),
  ]);
  const format = (cells) => `| ${cells.join(" | ")} |`;
  return [format(header), format(header.map((_, i) => (i ? "---:" : "---"))), ...lines.map(format)].join(
    "\n",
  );
}

if (options.memory) {
  await weigh(options.memory);
  process.exit(0);
}
const wanted = (name) => new RegExp(options.rows).test(name);
const results = [];
for (const row of rows) {
  if (wanted(row.name)) results.push({ name: row.name, unit: "ns", values: await measure(row) });
}
if (wanted("expiry of 100,000"))
  results.push({ name: "expiry of 100,000", unit: "ns a key", values: await measureExpiry() });
if (wanted("memory at 1,000,000"))
  results.push({ name: "memory at 1,000,000", unit: "bytes an entry", values: await measureMemory() });
const records = wanted("records") ? await recordsTable(["memory:", ...options.url], progress) : "";
progress("");
if (options.json) {
  const report = { node: process.version, rounds, results };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}
if (results.length > 0) {
  console.log(
    `Node ${process.version}; medians of ${rounds} rounds, processor time; in brackets, how many times ours (sync) it takes\n\n${table(results)}\n`,
  );
}
console.log(records);
process.exit(0);
