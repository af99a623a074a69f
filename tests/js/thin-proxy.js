// Another project's small server of Upstash's protocol, @humanwhocodes/upstash-redis-server, in front of a real
// redis-server, started as its author intends. What is tested does not matter here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { serve, TOKEN } from "./gateway.js";
import { freePort, startRedis } from "./redis-server.js";

const PROGRAM = fileURLToPath(
  new URL("server.js", import.meta.resolve("@humanwhocodes/upstash-redis-server")),
);

/** Starts both, controlled like our own gateways. */
export async function thinProxy() {
  const redis = await startRedis();
  const port = await freePort();
  const env = { PATH: process.env.PATH, URS_TOKEN: TOKEN, PORT: String(port), REDIS_URL: redis.url };
  const proxy = spawn(process.execPath, [PROGRAM], { env, stdio: "ignore" });
  await once(proxy, "spawn");
  const ended = once(proxy, "exit");
  const place = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await answers(place)); tries++) {
    if (tries > 3000 || proxy.exitCode !== null) throw new Error("the proxy did not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { control, close } = await serve(
    () => new Response(null, { status: 404 }),
    redis,
    async () => {
      proxy.kill();
      await ended;
      await redis.close();
    },
  );
  // It does not support base64, and its own errors would be retried.
  const options = { token: TOKEN, responseEncoding: "none", retries: 0 };
  return { url: place.replace("http:", "upstash+http:"), options, control, close };
}

const answers = (place) =>
  fetch(place).then(
    () => true,
    () => false,
  );
