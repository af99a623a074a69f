// Runs a Worker in workerd and prints its URL; exits when its standard input ends. Miniflare needs a newer Node than
// the tests, so this is a separate process. Arguments: the Worker's folder, with worker.js, and miniflare's options as
// JSON.

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
