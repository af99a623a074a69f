// A real redis-server for a test, started on a free loopback port, without persistence by default; and its time, which
// passes by moving deadlines. What is tested does not matter here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { serve, TOKEN } from "./gateway.js";
import { dial } from "./resp.js";

const SHIFT = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local deadline = redis.call('PEXPIRETIME', key)
  if deadline >= 0 and deadline < 2^52 then
    redis.call('PEXPIREAT', key, string.format('%.0f', deadline + tonumber(ARGV[1])))
  end
end`;

/** A free port on loopback. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server, with more arguments. Fails if there is no `redis-server` in the PATH: nothing is skipped. */
export async function startRedis(...further) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "omnikv-redis-"));
  const given = ["--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", folder];
  let server;
  let aside;
  let ahead = 0;
  const run = async (...words) => {
    aside ??= dial(port);
    const [reply] = await aside.ask([words]);
    if (reply instanceof Error) throw reply;
    return reply instanceof Buffer ? String(reply) : reply;
  };
  const hangUp = () => {
    aside?.close();
    aside = undefined;
  };
  const start = async () => {
    server = spawn("redis-server", [...given, ...further].map(String), { stdio: "ignore" });
    await once(server, "spawn");
    for (let tries = 0; (await run("PING").catch(hangUp)) !== "PONG"; tries++) {
      if (tries > 3000 || server.exitCode !== null) throw new Error("redis-server did not start");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async () => {
    hangUp();
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    /** Sends a command directly, and returns its reply. */
    run,
    /** Kills it. */
    kill,
    /** Restarts it with the same port and files. */
    start,
    async clear() {
      await run("FLUSHALL");
      ahead = 0;
    },
    /** Records have a clock that can be moved; the deadlines of plain keys are moved instead. */
    async advance(ms) {
      await run("EVAL", SHIFT, 0, -ms);
      await run("HINCRBY", "{omnikv}:state", "ahead", ms);
      ahead += ms;
    },
    /**
     * The time for which its deadlines are right; it moves by itself. `ahead` is its distance from the server's clock.
     */
    clock: () => ({ now: Date.now() + ahead, flows: true, ahead }),
    async close() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The same, with a way to control it from elsewhere. */
export async function redisServer() {
  const redis = await startRedis();
  const { control, close } = await serve(() => new Response(null, { status: 404 }), redis, redis.close);
  return { url: redis.url, control, close };
}

/** Our gateway over a redis-server, controlled in the same way. */
export async function gatewayOverRedis() {
  const redis = await startRedis();
  const store = await connect(redis.url, { maxKeyBytes: 1 << 20 });
  const gateway = createGateway(store, { token: TOKEN, allowedOrigins: ["*"] });
  const close = async () => {
    await store.close();
    await redis.close();
  };
  return serve((request) => gateway(request), redis, close);
}
