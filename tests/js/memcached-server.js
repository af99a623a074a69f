// A real memcached for a test, started on a free loopback port; and its time, which passes by moving the deadlines of its
// items. What is tested does not matter here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { serve } from "./gateway.js";
import { freePort } from "./redis-server.js";

/** What the client keeps deadlines modulo. */
const MODULUS = 0xffff;

/** Starts a server, with more arguments. Fails if there is no `memcached` in the PATH: nothing is skipped. */
export async function startMemcached(...further) {
  const port = await freePort();
  const given = ["-l", "127.0.0.1", "-p", port, "-U", "0", "-u", "nobody", ...further].map(String);
  let server;
  const start = async () => {
    server = spawn("memcached", given, { stdio: "ignore" });
    await once(server, "spawn");
    for (let tries = 0; (await run("mn").catch(() => "")) !== "MN"; tries++) {
      if (tries > 3000 || server.exitCode !== null) throw new Error("memcached did not start");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  /** Sends a request on a connection of its own, and returns the answer without its last line break. */
  const run = async (request) => {
    const socket = dial(port, "127.0.0.1");
    let answer = Buffer.alloc(0);
    socket.write(`${request}\r\n`, "latin1");
    try {
      for await (const bytes of socket) {
        answer = Buffer.concat([answer, bytes]);
        if (isWhole(answer.toString("latin1"), request)) break;
      }
    } finally {
      socket.destroy();
    }
    return answer.toString("latin1").slice(0, -2);
  };
  await start();
  let ahead = 0;
  return {
    url: `memcached://127.0.0.1:${port}`,
    port,
    run,
    kill,
    start,
    async clear() {
      await run("flush_all");
      ahead = 0;
    },
    async advance(ms) {
      const found = (await run("lru_crawler metadump hash")).split(/\r?\n/).slice(0, -1);
      for (const line of found) {
        const key = Buffer.from(decodeURIComponent(/^key=(\S+)/.exec(line)[1])).toString("base64");
        await moveDeadline(run, key, ms);
      }
      ahead += ms;
    },
    /** The time for which its deadlines are right; it moves by itself. */
    clock: () => ({ now: Date.now() + ahead, flows: true, ahead }),
    close: kill,
  };
}

/** Whether all of an answer is there. */
function isWhole(answer, request) {
  const [, length] = /^VA (\d+).*\r\n/.exec(answer) ?? [];
  if (length !== undefined) return answer.length >= answer.indexOf("\r\n") + Number(length) + 4;
  return answer.endsWith(request.includes("metadump") ? "END\r\n" : "\r\n");
}

async function moveDeadline(run, key, ms) {
  const answer = await run(`mg ${key} b v t f`);
  const [head, left, flags] = /^VA \d+ .*\bt(-?\d+) f(\d+)/.exec(answer) ?? [];
  if (head === undefined || left === "-1") return;
  const value = answer.slice(answer.indexOf("\r\n") + 2);
  const seconds = Number(left) - Math.trunc(ms / 1000);
  const rest = Math.floor(Number(flags) / 65536) - 1;
  const moved = rest < 0 ? Number(flags) : (((rest + MODULUS - (ms % MODULUS)) % MODULUS) + 1) * 65536;
  if (seconds < 1) await run(`md ${key} b`);
  else await run(`ms ${key} ${value.length} b F${moved} T${seconds}\r\n${value}`);
}

/** The same, with a way to control it from elsewhere. */
export async function memcachedServer() {
  const memcached = await startMemcached();
  const answer = () => new Response(null, { status: 404 });
  const { control, close } = await serve(answer, memcached, memcached.close);
  return { url: memcached.url, control, close };
}
