// The runtimes in which the package is tested beside the current Node, and how a program starts in each.

import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FIRST_WITH_SQLITE, NODES } from "../nodes.js";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const npx = (...words) => ["npx", "--no-install", ...words];

/** The words before a program, and the folder and the environment it needs. */
export const RUNTIMES = {
  Deno: { words: npx("deno", "run", "--quiet", "--allow-all", "--node-modules-dir=manual") },
  Bun: { words: npx("bun") },
  "Node 24": { words: [`${NODES[24]}/node`] },
  "Node 22.13": { words: [`${FIRST_WITH_SQLITE}/node`, "--disable-warning=ExperimentalWarning"] },
  /** It has no SQLite but this package. */
  "Node 20 with better-sqlite3": { words: [`${NODES[20]}/node`], cwd: path("../nodes/better-sqlite3") },
  "Node 20 without": { words: [`${NODES[20]}/node`] },
};

/** Runs a program of the tests and returns its output. */
export async function run(runtime, program, ...args) {
  const { words, cwd = path("..") } = RUNTIMES[runtime];
  const [first, ...rest] = [...words, path(`../${program}`), ...args];
  const PATH = `${path("../node_modules/.bin")}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH };
  const { stdout } = await promisify(execFile)(first, rest, { cwd, env, maxBuffer: 1 << 26 });
  return stdout;
}

/** Runs cases on a backend, all of them at once: a process for each file would cost more than its cases. */
export function conformance(runtime, backend, server = () => undefined) {
  let failures;
  const failed = async () => {
    const where = server();
    const args = where === undefined ? [backend] : [backend, JSON.stringify(where)];
    return JSON.parse(await run(runtime, "runtimes/run.js", ...args));
  };
  return async (cases) => {
    failures ??= failed();
    const names = new Set(cases.map(({ name }) => name));
    return (await failures).filter(({ name }) => names.has(name));
  };
}
