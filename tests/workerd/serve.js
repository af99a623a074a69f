// Runs the Worker in workerd and prints where it listens; ends with its standard input. Miniflare wants a Node newer than
// the tests do, so this is a process of its own. Its arguments: the Worker's folder, whose worker.js is run, and miniflare's
// options for it as JSON.

import { readdirSync } from "node:fs";
import { Miniflare } from "miniflare";

const [root, options = "{}"] = process.argv.slice(2);
const others = readdirSync(root).filter((name) => name !== "worker.js");
const miniflare = new Miniflare({
  modulesRoot: root,
  modules: ["worker.js", ...others].map((name) => ({
    type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path: `${root}/${name}`,
  })),
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
  port: 0,
  ...JSON.parse(options),
});
console.log(String(await miniflare.ready));
process.stdin.on("end", () => miniflare.dispose()).resume();
