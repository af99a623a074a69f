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

/** What one unit of the moments is that are told, in milliseconds. */
const TOLD = { expireTime: 1000, pexpireTime: 1 };

/** A store, or a chain of its operations, whose moments are those of a clock that is ahead of the server's. */
function inMovedTime(target, ahead) {
  // How the replies of a chain are moved, in order.
  const moves = [];
  const proxy = new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      if (name === "pipeline" || name === "multi") return () => inMovedTime(target[name](), ahead);
      if (name === "exec") {
        return async () =>
          (await target.exec()).map((reply, index) =>
            reply instanceof Error ? reply : moves[index](reply),
          );
      }
      return (...given) => {
        const [method, words] = inServerTime(name, given, ahead());
        const move = (reply) => inOurTime(name, reply, ahead());
        const answer = target[method](...words);
        if (answer === target) {
          if (name !== "check") moves.push(move);
          return proxy;
        }
        return answer instanceof Promise ? answer.then(move) : answer;
      };
    },
  });
  return proxy;
}

function inServerTime(name, given, ahead) {
  if (name === "expireAt" && Number.isInteger(given[1])) {
    return ["pexpireAt", [given[0], given[1] * 1000 - ahead, ...given.slice(2)]];
  }
  if (name === "pexpireAt" && Number.isInteger(given[1])) {
    return [name, [given[0], given[1] - ahead, ...given.slice(2)]];
  }
  // Told in milliseconds, and rounded when the moment is moved.
  if (name === "expireTime") return ["pexpireTime", given];
  const options = given.at(-1);
  if (options !== null && typeof options === "object" && Number.isInteger(options.expireAt)) {
    return [name, [...given.slice(0, -1), { ...options, expireAt: Math.max(1, options.expireAt - ahead) }]];
  }
  return [name, given];
}

function inOurTime(name, reply, ahead) {
  const unit = TOLD[name];
  return unit === undefined || reply < 0 ? reply : Math.round((reply + ahead) / unit);
}
