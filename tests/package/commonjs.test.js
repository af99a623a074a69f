// The package beside CommonJS, in Jest, several times in one process, and where WebAssembly may not be compiled.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedis } from "../js/redis-server.js";
import { NODES } from "../nodes.js";
import { pack } from "../pack.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));

describe("the packed package", () => {
  let folder;
  const packed = () => join(folder, "node_modules/omnikv");

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "omnikv-commonjs-"));
    const tarball = await pack(folder);
    await mkdir(packed(), { recursive: true });
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", packed()]);
    await writeFile(join(folder, "package.json"), '{ "name": "stock" }');
  });

  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs a program in the folder, by some Node. */
  async function runs(name, source, node = process.execPath) {
    await writeFile(join(folder, name), source);
    await run(node, [name], { cwd: folder });
  }

  for (const [version, programs] of Object.entries(NODES)) {
    it(`is one module for require and import, in Node ${version}`, async () => {
      const program = `
        import assert from "node:assert/strict";
        import { createRequire } from "node:module";
        const require = createRequire(import.meta.url);
        for (const name of ["omnikv", "omnikv/global", "omnikv/gateway", "omnikv/structured"]) {
          const { default: _, "module.exports": __, ...imported } = await import(name);
          assert.deepEqual(imported, { ...require(name) }, name);
        }
        const { connect } = require("omnikv");
        const redis = await connect("redis://127.0.0.1:1", { retries: 0 }).then((kv) => kv.get("a")).catch((error) => error);
        assert.equal(redis.code, "unavailable");`;
      await runs("both.mjs", program, join(programs, "node"));
    });
  }

  it("is one set of stores, of errors, and one global store, however many copies there are", async () => {
    await cp(packed(), join(folder, "node_modules/other"), { recursive: true });
    await runs(
      "copies.cjs",
      `
      const assert = require("node:assert/strict");
      const copies = [require("omnikv"), require("other")];
      (async () => {
        // Bundlers take this one.
        copies.push(await import("./node_modules/omnikv/dist/omnikv.js"));
        const [one, other, bundled] = copies;
        assert.notEqual(one.MemoryStore, other.MemoryStore);
        const stores = await Promise.all(copies.map(({ connect }) => connect("memory:shared")));
        for (const [index, store] of stores.entries()) {
          // Longer than what a request has room for so far.
          await store.set("k", String(index).repeat(100_000 * (index + 1)));
          for (const each of stores) assert.equal(await each.strlen("k"), 100_000 * (index + 1));
          assert.equal(await store.incr("n"), index + 1);
          const error = await store.lpush("n", "v").catch((error) => error);
          for (const { KvError } of copies) assert(error instanceof KvError);
          assert(!(new Error() instanceof copies[index].KvError));
        }
        class Own extends one.KvError {}
        assert(new Own("closed", "") instanceof Own && new Own("closed", "") instanceof other.KvError);
        assert(!(new one.KvError("closed", "") instanceof Own));
        await (await other.getGlobalStore()).set("k", { a: 1 });
        assert.deepEqual(await (await one.getGlobalStore()).get("k"), { a: 1 });
        await bundled.configureGlobalStore("memory:cache");
        assert.equal(await (await one.getGlobalStore()).get("k"), null);
        // A private store stays private.
        const own = new one.MemoryStore();
        own.set("k", "v");
        assert.equal(new other.MemoryStore().get("k"), null);
      })();`,
    );
  });

  it("shares no store between versions that do not know each other, and says so", async () => {
    const later = join(folder, "node_modules/later");
    await cp(packed(), later, { recursive: true });
    const module = join(later, "dist/omnikv.cjs");
    const source = await readFile(module, "utf8");
    const [, build] = /\.get\("([\da-f]{12})"\)/.exec(source);
    await writeFile(module, source.replaceAll(build, "another one"));
    await runs(
      "versions.cjs",
      `
      const assert = require("node:assert/strict");
      const [one, later] = [require("omnikv"), require("later")];
      const kv = one.MemoryStore.connect("memory:shared");
      const refused = { code: "unsupported", message: /another version of omnikv/ };
      assert.throws(() => later.MemoryStore.connect("memory:shared"), refused);
      later.MemoryStore.connect("memory:elsewhere").set("k", "v");
      new later.MemoryStore().set("k", "v");
      assert.throws(() => one.MemoryStore.connect("memory:elsewhere"), refused);
      kv.close();
      later.MemoryStore.connect("memory:shared").set("k", "v");`,
    );
  });

  for (const environment of ["node", "jsdom"]) {
    it(`runs in Jest as it comes, with ${environment}`, async () => {
      const redis = await startRedis();
      try {
        await copyFile(join(here, "stock.jest.cjs"), join(folder, "stock.test.js"));
        const jest = fileURLToPath(new URL("bin/jest.js", import.meta.resolve("jest/package.json")));
        const named = fileURLToPath(import.meta.resolve(`jest-environment-${environment}`));
        const env = { ...process.env, REDIS_URL: redis.url };
        await run(process.execPath, [jest, `--testEnvironment=${named}`, "--watchman=false"], {
          cwd: folder,
          env,
        });
      } finally {
        await redis.close();
      }
    });
  }

  it("says what to do where WebAssembly may not be compiled", async () => {
    await runs(
      "forbidden.cjs",
      `
      const assert = require("node:assert/strict");
      const { readFileSync } = require("node:fs");
      const { createRequire } = require("node:module");
      const vm = require("node:vm");
      // As edge runtimes run programs.
      const context = vm.createContext({ TextEncoder, TextDecoder, crypto, performance, setTimeout, clearTimeout, queueMicrotask, setImmediate }, { codeGeneration: { wasm: false } });
      const load = (file) => {
        const module = { exports: {} };
        const require = (name) => load(new URL(name, "file://" + file).pathname);
        vm.compileFunction(readFileSync(file, "utf8"), ["module", "exports", "require"], { parsingContext: context })(module, module.exports, require);
        return module.exports;
      };
      const { connect, KvError, MemoryStore } = load(require.resolve("omnikv"));
      const refused = { code: "unsupported", name: "KvError", message: /wasm-unsafe-eval/ };
      (async () => {
        assert.throws(() => new MemoryStore(), { ...refused, op: "MemoryStore" });
        await assert.rejects(connect("memory:"), { ...refused, op: "connect" });
        await assert.rejects(connect("redis://127.0.0.1:1"), { ...refused, op: "connect" });
        const error = await connect("redis://127.0.0.1:1").catch((error) => error);
        assert(error instanceof KvError && error.cause.name === "CompileError");
      })();`,
    );
  });

  it("has the playground, which the command serves", async () => {
    const files = await readdir(join(packed(), "dist/www"));
    assert(files.includes("index.html") && files.includes("main.js"));
  });
});
