// Every conformance case, on both stores, in workerd, which refuses to compile wasm from bytes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { gatewayOverMemory } from "../js/gateway.js";
import { redisServer, startRedis } from "../js/redis-server.js";
import { Unsupported } from "../js/unsupported.js";
import { NODES } from "../nodes.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
const table = JSON.parse(readFileSync(new URL("../support/unsupported.json", import.meta.url), "utf8"));
assert(files.length > 0, "there are no conformance cases");

describe("conformance in workerd", () => {
  const root = mkdtempSync(join(tmpdir(), "omnikv-workerd-"));
  let server;
  let url;

  before(async () => {
    await build({
      entryPoints: [join(here, "worker.js")],
      outfile: join(root, "worker.js"),
      bundle: true,
      format: "esm",
      conditions: ["workerd"],
      external: ["*.wasm", "cloudflare:*"],
    });
    for (const name of ["core.wasm", "net.wasm"])
      copyFileSync(new URL(`../../pkg/dist/${name}`, import.meta.url), join(root, name));
    server = spawn(join(NODES[24], "node"), [join(here, "serve.js"), root], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [ready] = await Promise.race([
      once(server.stdout, "data"),
      once(server, "exit").then(([code]) => assert.fail(`workerd did not start: exit code ${code}`)),
    ]);
    url = String(ready).trim();
  });

  after(async () => {
    server?.stdin.end();
    if (server?.exitCode === null) await once(server, "exit");
    rmSync(root, { recursive: true });
  });

  /** Has the Worker run cases and gives what failed. */
  const run = (store, cases, server) => ask({ store, cases, server });

  async function ask(what) {
    const body = JSON.stringify(what);
    const response = await fetch(url, { method: "POST", body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  for (const store of ["Store", "MemoryStore"]) {
    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        assert.deepEqual(await run(store, cases), []);
      });
    }
  }

  for (const [backend, start] of [
    ["gateway over memory", gatewayOverMemory],
    ["redis", redisServer],
  ]) {
    describe(backend, () => {
      const unsupported = new Unsupported(table, backend);
      let server;

      before(async () => {
        server = await start();
      });
      after(() => server?.close());

      for (const file of files) {
        const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
        it(`${backend}: ${subject} (${cases.length} cases)`, async () => {
          const { url, control } = server;
          const failures = await run("Store", cases, { url, control });
          assert.deepEqual(unsupported.sift(cases, failures), []);
        });
      }

      it("supports what the table does not list", () => assert.deepEqual(unsupported.idle(), []));
    });
  }

  it("gives each of two requests at once a connection of its own", async () => {
    const redis = await startRedis();
    try {
      const both = ["a", "b"].map((key) => ask({ url: redis.url, key, times: 200 }));
      assert.deepEqual(await Promise.all(both), [200, 200]);
      assert.equal(await redis.run("GET", "both"), "400");
    } finally {
      await redis.close();
    }
  });
});
