// Builds a Worker, or takes a built one, and runs it in workerd, in a separate process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { NODES } from "../nodes.js";

const serve = fileURLToPath(new URL("serve.js", import.meta.url));

/** Bundles a Worker like its author would. Returns its folder. */
export async function bundle(entry) {
  const root = mkdtempSync(join(tmpdir(), "omnikv-workerd-"));
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: join(root, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    external: ["*.wasm", "cloudflare:*"],
    nodePaths: [fileURLToPath(new URL("../node_modules", import.meta.url))],
  });
  for (const name of ["core.wasm", "net.wasm", "postgres.wasm"]) {
    copyFileSync(new URL(`../../pkg/dist/${name}`, import.meta.url), join(root, name));
  }
  return root;
}

/** The Worker in Rust, as deployed, with `entry` in front of it. Returns its folder. */
export function rustWorker(entry) {
  const root = mkdtempSync(join(tmpdir(), "omnikv-workerd-"));
  copyFileSync(new URL(entry, import.meta.url), join(root, "worker.js"));
  for (const name of ["index.js", "index_bg.wasm"]) {
    copyFileSync(new URL(`../../pkg/worker/build/${name}`, import.meta.url), join(root, name));
  }
  return root;
}

/** Removes a Worker's folder. */
export const remove = (root) => rmSync(root, { recursive: true });

/**
 * Starts workerd; `options` are miniflare's, `env` is added to its environment. Returns its URL, and a way to stop it.
 */
export async function start(root, options = {}, env = {}) {
  const server = spawn(join(NODES[24], "node"), [serve, root, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const [ready] = await Promise.race([
    once(server.stdout, "data"),
    once(server, "exit").then(([code]) => assert.fail(`workerd did not start: exit code ${code}`)),
  ]);
  const gone = async () => {
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  };
  return {
    url: String(ready).trim(),
    gone,
    /** Kills workerd. */
    kill: () => {
      const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8");
      for (const child of children.split(" ").filter(Boolean)) process.kill(Number(child), "SIGKILL");
      server.kill("SIGKILL");
    },
    close: () => {
      server.stdin.end();
      return gone();
    },
  };
}

/** Sends a Worker a task as JSON, and returns its answer. */
export async function ask(worker, what) {
  const response = await fetch(worker.url, { method: "POST", body: JSON.stringify(what) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}
