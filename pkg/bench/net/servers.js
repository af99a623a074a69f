// The servers for the benchmarks, each in its own process on a free loopback port, and a counter of requests. What is
// measured does not matter here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The token of the gateways' clients. */
export const TOKEN = "bench";

const started = [];

function start(command, words, env = {}) {
  const child = spawn(command, words.map(String), {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  return child;
}

/** Stops all servers. */
export function stopAll() {
  for (const child of started) child.kill();
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until a server listens on the port. */
async function listening(child, port) {
  for (let tries = 0; tries < 250; tries++) {
    if (child.exitCode !== null) break;
    const socket = connect({ host: "127.0.0.1", port });
    const answered = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${child.spawnfile} did not start`);
}

/** A redis-server without persistence. */
export async function startRedis() {
  const port = await freePort();
  const child = start("redis-server", [
    "--bind",
    "127.0.0.1",
    "--port",
    port,
    "--save",
    "",
    "--appendonly",
    "no",
  ]);
  child.stdout.resume();
  await listening(child, port);
  return { port, url: `redis://127.0.0.1:${port}` };
}

/** `omnikv serve` over a store. */
export async function startGateway(url) {
  const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
  const child = start(process.execPath, [cli, "serve", "--url", url, "--port", 0, "--json"], {
    OMNIKV_TOKEN: TOKEN,
  });
  for await (const line of createInterface(child.stdout)) return JSON.parse(line).url;
  throw new Error("the gateway did not start");
}

/** Another project's gateway to Redis. */
export async function startOtherGateway(redis) {
  const port = await freePort();
  const server = fileURLToPath(
    new URL("server.js", import.meta.resolve("@humanwhocodes/upstash-redis-server")),
  );
  const child = start(process.execPath, [server], { URS_TOKEN: TOKEN, PORT: port, REDIS_URL: redis.url });
  child.stdout.resume();
  await listening(child, port);
  return `http://127.0.0.1:${port}`;
}

/**
 * A proxy in front of a server that counts received chunks, each a write of a client: `count()` returns how many so
 * far.
 */
export async function counting(port) {
  let pieces = 0;
  const proxy = createServer((client) => {
    const server = connect({ host: "127.0.0.1", port });
    client.on("data", () => pieces++);
    for (const socket of [client, server]) socket.setNoDelay(true).on("error", () => {});
    client.pipe(server).pipe(client);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  proxy.unref();
  return { port: proxy.address().port, count: () => pieces };
}
