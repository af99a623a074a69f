// The package as users get it: packed, installed into new projects, bundled with each tool and run, with the oldest
// supported Node and with a newer one.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { launch } from "../browser/chromium.js";
import { serve } from "../browser/serve.js";
import { NODES } from "../nodes.js";
import { pack } from "../pack.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const RESULT = '["hello",true,"42",null,true,{"by":"all"},"elsewhere","unsupported"]';
/** In Node 24. */
const WITH_FILES = RESULT.replace("unsupported", "a file");

describe("the packed package", () => {
  let folder;
  let tarball;
  let browser;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "omnikv-bundlers-"));
    tarball = await pack(folder);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A new project with the tool's own lockfile, the program and the package, installed with this Node version. */
  async function freshProject(tool, version, env) {
    const root = join(folder, `${tool}-${version}`);
    await mkdir(root);
    for (const name of ["all.js", "app.js", "memory.js", "node.js", "page.js", "index.html"])
      await cp(join(here, name), join(root, name));
    await cp(join(here, tool), root, { recursive: true });
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
    if (tool !== "plain") await run("npm", ["ci", ...quiet], { cwd: root, env });
    await run("npm", ["install", "--no-save", ...quiet, tarball], { cwd: root, env });
    return root;
  }

  /** The output of the page in a folder. */
  async function open(root) {
    const server = await serve(root);
    const page = await browser.newPage();
    try {
      const errors = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(server.url);
      await page
        .waitForFunction(() => globalThis.result !== undefined, undefined, { timeout: 120_000 })
        .catch(() => {
          throw new Error(`the page gave no result: ${errors.join("; ")}`);
        });
      return await page.evaluate(() => globalThis.result);
    } finally {
      await page.close();
      server.close();
    }
  }

  for (const [version, programs] of Object.entries(NODES)) {
    describe(`with Node ${version}`, () => {
      const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}` };
      const node = async (root, ...args) => (await run("node", args, { cwd: root, env })).stdout.trim();
      const inNode = version === "24" ? WITH_FILES : RESULT;
      const project = (tool, suffix = "") => freshProject(tool, `${version}${suffix}`, env);
      const tool = (root, name, ...args) =>
        run(join(root, "node_modules/.bin", name), args, { cwd: root, env });

      it("is the running version", async () => {
        assert.match(await node(folder, "--version"), new RegExp(`^v${version}\\.`));
      });

      it("runs unbundled, in Node and as a plain module script", async () => {
        const root = await project("plain");
        assert.equal(await node(root, "node.js"), inNode);
        assert.equal(await open(root), RESULT);
      });

      it("runs in Vite's output", async () => {
        const root = await project("vite");
        await tool(root, "vite", "build", "--base", "./");
        assert.equal(await open(join(root, "dist")), RESULT);
      });

      it("runs in webpack's output", async () => {
        const root = await project("webpack");
        await tool(root, "webpack");
        await cp(join(root, "index.html"), join(root, "dist", "index.html"));
        assert.equal(await open(join(root, "dist")), RESULT);
      });

      it("is small, and smaller if less of it is used", async (t) => {
        const root = await project("esbuild", "-size");
        const options = [
          "--bundle",
          "--format=esm",
          "--minify",
          "--external:./net.js",
          "--external:./postgres.js",
          "--external:./cron.js",
          "--outdir=dist",
        ];
        const weigh = async (name) => {
          await tool(root, "esbuild", ...options, name);
          return brotliCompressSync(await readFile(join(root, "dist", name))).length;
        };
        const [memory, all] = [await weigh("memory.js"), await weigh("all.js")];
        t.diagnostic(`after brotli: MemoryStore alone ${memory} bytes, everything ${all}`);
        // Without what is loaded when it is needed. 75 kB before there was a table of commands, 82 before there were records, 120
        // before there were consumers and schedules, 124.5 before there were sorted sets (13 in the module, 1.5 in its methods), 139 before there were bitmaps,
        // HyperLogLogs, places and what copies restore; what a
        // command adds is on top.
        assert(memory <= 161_000, `MemoryStore alone has ${memory} bytes`);
        assert(all - memory > 1_000, `MemoryStore alone has ${memory} bytes of ${all}`);
      });

      it("runs in esbuild's output, in a page and in Node", async () => {
        const root = await project("esbuild");
        const options = ["--bundle", "--format=esm", "--minify", "--outdir=dist"];
        await tool(root, "esbuild", ...options, "page.js");
        await cp(join(root, "index.html"), join(root, "dist", "index.html"));
        assert.equal(await open(join(root, "dist")), RESULT);
        await tool(root, "esbuild", ...options, "--platform=node", "node.js");
        assert.equal(await node(root, "dist/node.js"), inNode);
      });
    });
  }
});
