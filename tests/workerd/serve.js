// Runs the Worker in workerd and prints where it listens; ends with its standard input. Miniflare wants a Node newer than
// the tests do, so this is a process of its own. Its arguments: the Worker's folder, and miniflare's options for it as JSON.

import { Miniflare } from "miniflare";

const [root, options = "{}"] = process.argv.slice(2);
const miniflare = new Miniflare({
  modulesRoot: root,
  modules: [
    { type: "ESModule", path: `${root}/worker.js` },
    { type: "CompiledWasm", path: `${root}/core.wasm` },
    { type: "CompiledWasm", path: `${root}/net.wasm` },
  ],
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
  port: 0,
  ...JSON.parse(options),
});
console.log(String(await miniflare.ready));
process.stdin.on("end", () => miniflare.dispose()).resume();
