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
import { NODES } from "../nodes.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = new URL("../conformance/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
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
      external: ["*.wasm"],
    });
    copyFileSync(new URL("../../pkg/dist/core.wasm", import.meta.url), join(root, "core.wasm"));
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

  for (const store of ["Store", "MemoryStore"]) {
    for (const file of files) {
      const { subject, cases } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
      it(`${store}: ${subject} (${cases.length} cases)`, async () => {
        const body = JSON.stringify({ store, cases });
        const response = await fetch(url, { method: "POST", body });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        assert.deepEqual(JSON.parse(text), []);
      });
    }
  }
});
