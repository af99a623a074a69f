// Runs every row for every client on the same servers, interleaved, and prints the medians of commands per second, each
// client's time relative to ours, and the number of requests. --json FILE also writes them to a file; --rows and
// --tables filter by a regular expression.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { asks, connections, send } from "./gateways.js";
import { overRest, overTcp } from "./peers.js";
import { fill, rows } from "./rows.js";
import { counting, startGateway, startOtherGateway, startRedis, stopAll } from "./servers.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "20" },
    rows: { type: "string", default: "" },
    tables: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const WARM_UP = 8;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
const wanted = (pattern, name) => new RegExp(pattern).test(name);

/**
 * Measures these runs, interleaved: `{ rate, processor, times }` for each; `times` is the ratio to the first run, by
 * round.
 */
async function interleaved(label, runs, count) {
  const seen = runs.map(() => ({ seconds: [], processor: [] }));
  for (let round = 0; round < WARM_UP + rounds; round++) {
    progress(`${label}: ${round}`);
    // Each round begins with another run: a run that follows one with much garbage pays for it.
    for (let turn = 0; turn < runs.length; turn++) {
      const index = (round + turn) % runs.length;
      const [begin, used] = [performance.now(), process.cpuUsage()];
      await runs[index]();
      const seconds = (performance.now() - begin) / 1_000;
      const { user, system } = process.cpuUsage(used);
      if (round < WARM_UP) continue;
      seen[index].seconds.push(seconds);
      seen[index].processor.push(user + system);
    }
  }
  const beside = (list, first) => median(list.map((each, round) => each / first[round]));
  return seen.map(({ seconds, processor }) => ({
    rate: count / median(seconds),
    times: beside(seconds, seen[0].seconds),
    processor: median(processor) / count,
    processorTimes: beside(processor, seen[0].processor),
  }));
}

/**
 * Each client's result in each row. `place` is the address to connect to; `counted` is the same and how to count
 * requests.
 */
async function clients(peers, which, place, counted) {
  const opened = [];
  for (const peer of peers) opened.push({ peer, store: await peer.open(place) });
  await fill(peers[0], opened[0].store);
  const results = [];
  for (const row of rows.filter(({ name }) => wanted(options.rows, name))) {
    const count = row.count[which];
    const runs = opened.map(
      ({ peer, store }) =>
        () =>
          row.run(peer, store, count),
    );
    const measured = await interleaved(row.name, runs, count * row.unit);
    results.push({
      row,
      values: Object.fromEntries(peers.map(({ name }, index) => [name, measured[index]])),
    });
  }
  for (const { peer, store } of opened) await peer.close(store);
  for (const peer of peers) {
    const { place, count, end } = await counted();
    const store = await peer.open(place);
    // A client's handshake is done after this.
    await peer.get(store, "nobody");
    for (const { row, values } of results) {
      const before = count();
      await row.run(peer, store, row.count[which]);
      values[peer.name].requests = ((count() - before) * 1_000) / (row.count[which] * row.unit);
    }
    await peer.close(store);
    end?.();
  }
  return results.map(({ row, values }) => ({ name: row.name, values }));
}

/** Counts the requests sent with `fetch`. */
function countedFetch(url) {
  const { fetch } = globalThis;
  let requests = 0;
  globalThis.fetch = (...words) => {
    requests++;
    return fetch(...words);
  };
  return { place: url, count: () => requests, end: () => (globalThis.fetch = fetch) };
}

async function gateways(places) {
  const opened = [];
  for (const url of Object.values(places)) opened.push(await connections(url));
  const results = [];
  for (const ask of asks.filter(({ name }) => wanted(options.rows, name))) {
    const runs = opened.map((sockets) => () => send(sockets, ask));
    const measured = await interleaved(ask.name, runs, ask.count);
    const values = Object.fromEntries(Object.keys(places).map((name, index) => [name, measured[index]]));
    results.push({ name: ask.name, values });
  }
  for (const socket of opened.flat()) socket.destroy();
  return results;
}

const short = (number) => (number >= 9_950 ? `${(number / 1_000).toFixed(0)}k` : number.toFixed(0));

function table(results) {
  const names = Object.keys(results[0].values);
  const [ours] = names;
  const cell = (name, { rate, times, processor, requests }) => {
    const beside = name === ours ? "" : ` (${times.toFixed(2)}×)`;
    const details = requests === undefined ? [] : [`${processor.toFixed(1)} µs`, `${short(requests)} sent`];
    return [`${short(rate)}/s${beside}`, ...details].join(", ");
  };
  const format = (cells) => `| ${cells.join(" | ")} |`;
  const lines = results.map(({ name, values }) => [name, ...names.map((each) => cell(each, values[each]))]);
  return [["", ...names], ["---", ...names.map(() => "---:")], ...lines].map(format).join("\n");
}

const tables = [
  {
    title: "Redis over TCP, a redis-server",
    async measure({ redis }) {
      return clients(overTcp, 1, redis.port, async () => {
        const { port, count } = await counting(redis.port);
        return { place: port, count };
      });
    },
  },
  {
    title: "Upstash REST, omnikv serve before a redis-server",
    async measure({ redis }) {
      const url = await startGateway(redis.url);
      return clients(overRest, 0, url, () => countedFetch(url));
    },
  },
  {
    title: "Upstash REST, omnikv serve before memory",
    async measure() {
      const url = await startGateway("memory:");
      return clients(overRest, 0, url, () => countedFetch(url));
    },
  },
  {
    title: "gateways before a redis-server",
    async measure({ redis }) {
      return gateways({
        "omnikv serve": await startGateway(redis.url),
        "@humanwhocodes/upstash-redis-server": await startOtherGateway(redis),
      });
    },
  },
];

process.on("exit", stopAll);
const redis = await startRedis();
const report = [];
for (const { title, measure } of tables) {
  if (!wanted(options.tables, title)) continue;
  const results = await measure({ redis });
  report.push({ title, results });
  progress("");
  console.log(`## ${title}\n\n${table(results)}\n`);
}
console.log(
  `Node ${process.version}; medians of ${rounds} rounds. Commands a second (requests, for gateways); in brackets, how many times as long as ours ` +
    `it takes; then the client's processor time for each command, and what it has sent for 1,000 commands.`,
);
if (options.json) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ node: process.version, rounds, tables: report }, null, 2)}\n`,
  );
}
process.exit(0);
