// What another runtime than Node runs: every conformance case on the backend that it is told. It gives what failed.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect, MemoryStore } from "omnikv";
import { ownTime, runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

const [backend, server] = process.argv.slice(2);
const folder = new URL("../conformance/", import.meta.url);
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && name !== "schema.json")
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")).cases);

const open = backend === "memory, synchronous" ? MemoryStore.connect : connect;
const files = mkdtempSync(join(tmpdir(), "omnikv-cases-"));
let file = 0;
const ownFile = () => ({ ...ownTime(`sqlite:${join(files, `${++file}.db`)}`), isServer: true });
const worlds = backend === "sqlite" ? ownFile : server && JSON.parse(server);
try {
  const failures = await runAll(cases, runCase, open, worlds);
  console.log(JSON.stringify(failures));
} finally {
  rmSync(files, { recursive: true });
}
