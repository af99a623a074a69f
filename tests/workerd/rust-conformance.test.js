// Every conformance case through the Worker in Rust (pkg/worker), with our own client in Node: over a memory store, and
// over one in a Durable Object and one in D1.

import { after, before, describe } from "node:test";
import { connect } from "omnikv";
import { runCase } from "../js/case.js";
import { suite } from "../js/suite.js";
import { runAll } from "../js/world.js";
import { remove, rustWorker, start } from "./start.js";

const TOKEN = "the-token";

for (const [backend, url] of [
  ["Worker over memory", "memory:"],
  ["Worker over durable-object", "durable-object:STATE"],
  ["Worker over d1", "d1:DB"],
]) {
  describe(backend, () => {
    let root;
    let worker;
    let server;

    before(async () => {
      root = rustWorker("rust-worker-in-time.js");
      worker = await start(root, {
        bindings: { OMNIKV_TOKEN: TOKEN, OMNIKV_URL: url },
        d1Databases: ["DB"],
        durableObjects: { STATE: { className: "OmnikvObject", useSQLite: true } },
      });
      const { host, origin } = new URL(worker.url);
      server = { url: `upstash+http://:${TOKEN}@${host}`, control: `${origin}/-` };
    });
    after(async () => {
      await worker?.close();
      remove(root);
    });

    suite({ host: "Node", backend, oneByOne: true, run: (cases) => runAll(cases, runCase, connect, server) });
  });
}
