// Runs every row for every library on SQLite, interleaved, and prints medians of the time that passed, with their ratio
// to ours. --rows and --peers filter by a regular expression, --json FILE also writes the figures to a file.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { peers as all } from "./peers.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "15" },
    rows: { type: "string", default: "" },
    peers: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const peers = all.filter(({ name }) => new RegExp(options.peers).test(name));

const VALUE = "0123456789abcdef0123456789abcdef";
const KEYS = Array.from({ length: 10_000 }, (_, i) => `user:session:${String(i).padStart(6, "0")}`);
const HUNDRED = 100;

/** One call after another. */
const alone = (operation) => async (peer, store, from) => {
  for (let i = 0; i < 500; i++) await peer[operation](store, KEYS[(from + i) % KEYS.length], VALUE);
  return 500;
};

/** Five times with another hundred keys. */
async function hundreds(from, run) {
  for (let turn = 0; turn < 5; turn++) {
    const first = (from + turn * HUNDRED) % KEYS.length;
    await run(KEYS.slice(first, first + HUNDRED));
  }
}

/** A hundred calls at once. */
const together = (operation) => async (peer, store, from) => {
  await hundreds(from, (keys) => Promise.all(keys.map((key) => peer[operation](store, key, VALUE))));
  return 5 * HUNDRED;
};

const rows = [
  { name: "get", needs: "get", run: alone("get") },
  { name: "set", needs: "set", run: alone("set") },
  { name: "set with ttl", needs: "setTtl", run: alone("setTtl") },
  { name: "incr", needs: "incr", run: alone("incr") },
  { name: "100 gets at once", needs: "get", run: together("get") },
  { name: "100 sets at once", needs: "set", run: together("set") },
  {
    name: "mget of 100",
    needs: "mget",
    async run(peer, store, from) {
      await hundreds(from, (keys) => peer.mget(store, keys));
      return 5;
    },
  },
];

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** Microseconds per call, by library. */
async function measure(row) {
  const folder = mkdtempSync(join(tmpdir(), "omnikv-bench-"));
  const runs = [];
  for (const peer of peers) {
    if (peer[row.needs] === undefined) continue;
    const store = await peer.open(folder);
    if (row.needs !== "incr") {
      for (let from = 0; from < KEYS.length; from += 1000) {
        await Promise.all(KEYS.slice(from, from + 1000).map((key) => peer.set(store, key, VALUE)));
      }
    }
    runs.push({ peer, store, from: 0, times: [] });
  }
  // The first rounds warm up.
  for (let round = -2; round < rounds; round++) {
    for (let place = 0; place < runs.length; place++) {
      // Each round begins with another library.
      const one = runs[(round + 2 + place) % runs.length];
      progress(`${row.name}: ${one.peer.name}, ${Math.max(round, 0)}`);
      const begin = performance.now();
      const count = await row.run(one.peer, one.store, one.from);
      one.from += count;
      if (round >= 0) one.times.push(((performance.now() - begin) * 1e3) / count);
    }
  }
  for (const { peer, store } of runs) await peer.close(store);
  rmSync(folder, { recursive: true });
  return Object.fromEntries(runs.map(({ peer, times }) => [peer.name, median(times)]));
}

function table(results) {
  const ours = peers[0].name;
  const shown = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
  const cell = (values, name) => {
    const value = values[name];
    if (value === undefined) return "–";
    return name === ours ? shown(value) : `${shown(value)} (${(value / values[ours]).toFixed(1)}×)`;
  };
  const format = (cells) => `| ${cells.join(" | ")} |`;
  return [
    format(["", ...peers.map(({ name }) => name)]),
    format(["---", ...peers.map(() => "---:")]),
    ...results.map(({ name, values }) => format([name, ...peers.map((peer) => cell(values, peer.name))])),
  ].join("\n");
}

const results = [];
for (const row of rows.filter(({ name }) => new RegExp(options.rows).test(name))) {
  results.push({ name: row.name, values: await measure(row) });
}
progress("");
if (options.json) {
  writeFileSync(options.json, `${JSON.stringify({ node: process.version, rounds, results }, null, 2)}\n`);
}
console.log(
  `Node ${process.version}, files of SQLite; medians of ${rounds} rounds, microseconds; in brackets, how many times ours it takes\n\n${table(results)}`,
);
process.exit(0);
