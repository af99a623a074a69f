// The stores that have records, for tests of what is built on them: each such test runs on all of them. A store may be shared and
// may have changes already, so tests get a namespace of their own and must not count on numbers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { connect, MemoryStore } from "omnikv";
import { startRedis } from "./redis-server.js";
import { startRqlite } from "./rqlite-server.js";

let server;
let node;
let folder;
after(async () => {
  await (await server)?.close();
  await (await node)?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Newer versions of Node have SQLite; `npm run test:24` runs these tests with one. */
const hasSqlite = process.getBuiltinModule("node:sqlite") !== undefined;

/** How a store is opened, by its name in the tests; `options` hold a prefix. */
const STORES = {
  MemoryStore: (options) => new MemoryStore(options),
  "memory:": (options) => connect("memory:", options),
  "redis://": async (options) => {
    server ??= startRedis();
    return connect((await server).url, options);
  },
  "rqlite://": async (options) => {
    node ??= startRqlite();
    return connect((await node).url, options);
  },
  ...(hasSqlite && {
    "sqlite:": (options) => {
      folder ??= mkdtempSync(join(tmpdir(), "omnikv-records-"));
      return connect(`sqlite:${join(folder, "records.db")}`, options);
    },
  }),
};

/** Creates a test on each store. `run` gets a store, and a function that opens another handle on the same keys. */
export function onEach(name, run) {
  for (const [store, open] of Object.entries(STORES)) {
    it(`${name}, ${store}`, async (t) => {
      const kv = await open({ prefix: `t${Math.random().toString(36).slice(2)}` });
      t.after(() => kv.close());
      await run(kv, () => kv.withPrefix(""));
    });
  }
}

/** Lets timers run. */
export const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a condition holds. */
export async function until(holds) {
  while (!(await holds())) await pause();
}
