// A real redis-server for a test: started on a free loopback port, without persistence; and its time, which passes by moving
// deadlines, with the moments in arguments and replies moved alike (tests/support/moments.rs does the same). It must not know
// what is tested.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const SHIFT = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local deadline = redis.call('PEXPIRETIME', key)
  if deadline >= 0 and deadline < 2^52 then
    redis.call('PEXPIREAT', key, string.format('%.0f', deadline + tonumber(ARGV[1])))
  end
end`;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server, with further arguments. Without a `redis-server` in the PATH it fails: nothing is skipped. */
export async function startRedis(...further) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "omnikv-redis-"));
  const given = ["--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", folder];
  let server;
  let ahead = 0;
  const run = async (...words) => {
    const { stdout } = await promisify(execFile)("redis-cli", ["-p", port, ...words].map(String));
    return stdout.trim();
  };
  const start = async () => {
    server = spawn("redis-server", [...given, ...further].map(String), { stdio: "ignore" });
    await once(server, "spawn");
    for (let tries = 0; (await run("PING").catch(() => "")) !== "PONG"; tries++) {
      if (tries > 200 || server.exitCode !== null) throw new Error("redis-server did not start");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = async () => {
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    run,
    kill,
    start,
    clear: () => run("FLUSHALL"),
    now: () => Date.now() + ahead,
    async advance(ms) {
      await run("EVAL", SHIFT, 0, -ms);
      ahead += ms;
    },
    /** Opens stores whose moments are those of the moved time. */
    moved: (open) => async (url, options) => inMovedTime(await open(url, options), () => ahead),
    async close() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

const GIVEN = { expireAt: 1000, pexpireAt: 1 };
const TOLD = { expireTime: 1000, pexpireTime: 1 };

function inMovedTime(target, ahead) {
  /** How the replies of a batch are moved, in order. */
  const told = [];
  return new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      if (name === "pipeline" || name === "multi") return () => inMovedTime(target[name](), ahead);
      if (name === "exec") {
        return async () => (await target.exec()).map((reply, index) => told[index]?.(reply) ?? reply);
      }
      return (...given) => {
        const [command, ...rest] = moved(name, given, ahead());
        const tell = (reply) => later(TOLD[name], reply, ahead());
        const answer = target[command](...rest);
        if (!(answer instanceof Promise)) {
          if (name !== "check") told.push(TOLD[name] === undefined ? undefined : tell);
          return name === "close" ? answer : (this_(answer, target, this.get && arguments, name) ?? answer);
        }
        return TOLD[name] === undefined ? answer : answer.then(tell);
      };
    },
  });
}
