// What another runtime than Node runs: every conformance case on the backend that it is told. It gives what failed.

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { connect, MemoryStore } from "omnikv";
import { runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

const [backend, server] = process.argv.slice(2);
const folder = new URL("../conformance/", import.meta.url);
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && name !== "schema.json")
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")).cases);

const open = backend === "memory, synchronous" ? MemoryStore.connect : connect;
const failures = await runAll(cases, runCase, open, server && JSON.parse(server));
console.log(JSON.stringify(failures));
