// Records: the workloads of a-h/kv's benchmark, on stores by URL. Many callers work at once and each waits for its answers;
// what is counted is the operations that were answered in a second of wall-clock time.

import { connect } from "omnikv";

const RECORDS = 30_000;
const CALLERS = 100;
const PAGE = 100;

const keyOf = (i) => `person:${String(i % RECORDS).padStart(6, "0")}`;
const person = (i) => ({ name: `Person ${i}`, age: i % 100, city: "London" });

/**
 * The workloads in their order: each finds what the ones before have written. `run` does the work number `i` and returns how
 * many operations it took.
 */
const WORKLOADS = {
  "put, a new record": {
    many: RECORDS,
    run: async ({ records }, i) => {
      await records.put(keyOf(i), 0, person(i));
      return 1;
    },
  },
  get: {
    many: RECORDS,
    run: async ({ records }, i) => {
      await records.get(keyOf(i * 7_919));
      return 1;
    },
  },
  patch: {
    many: RECORDS,
    run: async ({ records }, i) => {
      await records.patch(keyOf(i * 7_919), -1, { age: i });
      return 1;
    },
  },
  [`list, a page of ${PAGE}`]: {
    many: RECORDS / PAGE,
    run: async ({ records }, i) => {
      await records.list({ after: keyOf(i * PAGE), limit: PAGE });
      return 1;
    },
  },
  "mixed, a put and a get": {
    many: RECORDS / 2,
    run: async ({ records }, i) => {
      await records.put(keyOf(i * 7_919), -1, person(i));
      await records.get(keyOf(i));
      return 2;
    },
  },
};

/** Operations per second of all callers together. */
async function rate(kv, { many, run }) {
  let next = 0;
  let done = 0;
  const caller = async () => {
    while (next < many) {
      const operations = await run(kv, next++);
      done += operations;
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return done / ((performance.now() - begin) / 1_000);
}

/** A table of operations per second, with a column for each URL. */
export async function recordsTable(urls, progress) {
  const rates = [];
  for (const url of urls) {
    // Under a prefix of its own: others may have records there.
    const prefix = `bench-${process.pid}`;
    const kv = await connect(url, { prefix });
    const column = {};
    try {
      for (const [name, workload] of Object.entries(WORKLOADS)) {
        progress(`records: ${name}: ${new URL(url).protocol}`);
        column[name] = await rate(kv, workload);
      }
    } finally {
      await kv.flush();
      await kv.close();
    }
    rates.push(column);
  }
  const shown = (number) => Math.round(number).toLocaleString("en");
  // A URL may contain a password.
  const heads = urls.map((url) => new URL(url).protocol);
  const lines = Object.keys(WORKLOADS).map((name) => [name, ...rates.map((column) => shown(column[name]))]);
  const format = (cells) => `| ${cells.join(" | ")} |`;
  return [
    format(["records, operations per second", ...heads]),
    format(["---", ...heads.map(() => "---:")]),
    ...lines.map(format),
  ].join("\n");
}
