// A real rqlite node for a test, on free loopback ports. `./setup.sh test` builds the program. What is tested does not matter
// here.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./gateway.js";
import { freePort } from "./redis-server.js";

/** The time at which every case begins. */
const START = 1_700_000_000_000;

const PROGRAM = fileURLToPath(new URL("../../target/tools/rqlited", import.meta.url));

/** Starts a node, with more arguments, and waits until it answers. */
export async function startRqlite(...further) {
  assert(existsSync(PROGRAM), "this test needs target/tools/rqlited: run ./setup.sh test");
  const [port, raftPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), "omnikv-rqlite-"));
  const places = ["-http-addr", `127.0.0.1:${port}`, "-raft-addr", `127.0.0.1:${raftPort}`];
  const server = spawn(PROGRAM, ["-node-id", "1", ...places, ...further, folder], { stdio: "ignore" });
  await once(server, "spawn");
  const api = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`${api}/readyz`).catch(() => undefined))?.ok; tries++) {
    if (tries > 3000 || server.exitCode !== null) throw new Error("rqlited did not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  /** Runs statements, and returns the results. */
  const sql = async (...statements) => {
    const init = { method: "POST", body: JSON.stringify(statements) };
    const response = await fetch(`${api}/db/request?transaction&level=strong`, init);
    return (await response.json()).results;
  };
  return {
    url: `rqlite://127.0.0.1:${port}`,
    port,
    sql,
    /** Removes all tables of a store. */
    async clear() {
      const [{ values = [] }] = await sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'omnikv%'",
      );
      if (values.length > 0) await sql(...values.map(([name]) => `DROP TABLE ${name}`));
    },
    async close() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      rmSync(folder, { recursive: true });
    },
  };
}

/** The same, with a way to control it from elsewhere. Stores use the time that is shown there. */
export async function rqliteServer() {
  const node = await startRqlite("-http-allow-origin", "*");
  let now = START;
  const steered = {
    async clear() {
      now = START;
      await node.clear();
    },
    advance(ms) {
      now += ms;
    },
    clock: () => ({ now, flows: false, isOurs: true }),
  };
  const { control, close } = await serve(() => new Response(null, { status: 404 }), steered, node.close);
  return { url: node.url, control, close };
}
