// Records by the workloads of a-h/kv's own benchmark, and a list, on stores by URL: as `cargo bench -p omnikv-bench --
// records` does. What is counted are the operations that all workers together got answered in a second.

import { randomBytes } from "node:crypto";
import { connect } from "omnikv";

/** Runs of each workload, of which the median counts. */
const RUNS = 3;
const LISTED = 1_000;
const PAGE = 100;

const person = (key) => ({
  key,
  name: "Alice-30000",
  age: 42,
  address1: "1 The Street",
  address2: "The Town",
  address3: "The County",
  address4: "The Country",
  postcode: "AB1 2CD",
});
const numbered = (name, count) => Array.from({ length: count }, (_, i) => `kv-benchmark-${name}-key-${i}`);
const write = (records, keys) =>
  records.mutate(keys.map((key) => ({ put: key, version: -1, value: person(key) })));

const GET_KEYS = numbered("get", 100);
const PATCHED = "kv-benchmark-patch-key";
const LIST_KEYS = numbered("list", LISTED);

/** Each does its work `turns` times, shared by `workers`; `of` is how many operations a turn has. */
const WORKLOADS = {
  put: {
    turns: 30_000,
    workers: 100,
    work: (records, turn) => {
      const key = `kv-benchmark-put-key-${turn}`;
      return records.put(key, -1, person(key));
    },
  },
  get: {
    turns: 10_000,
    workers: 100,
    setup: (records) => write(records, GET_KEYS),
    work: (records) => records.get(GET_KEYS[Math.floor(Math.random() * GET_KEYS.length)]),
  },
  patch: {
    turns: 1_000,
    workers: 4,
    setup: (records) => records.put(PATCHED, -1, { count: 0 }),
    work: (records, turn, worker) => records.patch(PATCHED, -1, { [`worker_${worker}`]: turn }),
  },
  mixed: {
    turns: 10_000,
    workers: 15,
    of: 2,
    work: async (records, turn, worker) => {
      const key = `worker/${worker}/op/${turn}/random/${randomBytes(32).toString("hex")}`;
      const data = `some data for worker ${worker} operation ${turn}`;
      await records.put(key, -1, { worker_id: worker, operation: turn, data });
      await records.get(key);
    },
  },
  [`list, ${PAGE} of ${LISTED}`]: {
    turns: 500,
    workers: 10,
    setup: (records) => write(records, LIST_KEYS),
    work: (records, turn) => records.list({ after: LIST_KEYS[(turn * PAGE) % LISTED], limit: PAGE }),
  },
};

/** Operations per second of all workers together. */
async function rate({ records }, { turns, workers, of = 1, setup, work }) {
  await setup?.(records);
  let next = 0;
  const worker = async (_, number) => {
    while (next < turns) await work(records, next++, number);
  };
  const begin = performance.now();
  const ended = await Promise.allSettled(Array.from({ length: workers }, worker));
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return (turns * of) / ((performance.now() - begin) / 1_000);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Each workload's rate on the store of a URL, or the code of its error. What it writes is removed; changes that others made stay. */
async function column(url, progress) {
  const kv = await connect(url, { prefix: `bench-${process.pid}` });
  const rates = {};
  try {
    for (const [name, workload] of Object.entries(WORKLOADS)) {
      const runs = [];
      for (let run = 0; run < RUNS; run++) {
        progress(`records: ${name}: ${new URL(url).protocol}`);
        runs.push(await rate(kv, workload).catch((error) => error));
        await kv.flush();
      }
      const failure = runs.find((run) => run instanceof Error);
      rates[name] = failure?.code ?? Math.round(median(runs)).toLocaleString("en");
    }
  } finally {
    await kv.flush();
    await kv.close();
  }
  return rates;
}

/** A table of operations per second, with a column for each URL. */
export async function recordsTable(urls, progress) {
  const columns = [];
  for (const url of urls) columns.push(await column(url, progress));
  const format = (cells) => `| ${cells.join(" | ")} |`;
  const lines = Object.keys(WORKLOADS).map((name) => [name, ...columns.map((rates) => rates[name])]);
  // A URL may contain a password.
  const heads = ["records, operations per second", ...urls.map((url) => new URL(url).protocol)];
  return [heads, heads.map((_, i) => (i ? "---:" : "---")), ...lines].map(format).join("\n");
}
