// The servers that are measured against, each a process of its own on a free loopback port, and what counts the requests to one.
// It must not know what is measured.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What clients of the gateways show. */
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

/** Ends them all. */
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

/** Waits until somebody listens there. */
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

/** `omnikv serve` before a store. */
export async function startGateway(url) {
  const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
  const child = start(process.execPath, [cli, "serve", "--url", url, "--port", 0, "--json"], {
    OMNIKV_TOKEN: TOKEN,
  });
  for await (const line of createInterface(child.stdout)) return JSON.parse(line).url;
  throw new Error("the gateway did not start");
}

/** Somebody else's gateway before a Redis. */
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

/** Something before a server that counts what arrives for it: `count()` pieces so far, each a write of its client's. */
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
