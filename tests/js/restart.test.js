// A redis-server that is killed and restarted while it is written to, over TCP and through a gateway: the client
// recovers by itself, loses no acknowledged write, and does nothing twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "omnikv";
import { serve } from "../upstash/serve.js";
import { startRedis } from "./redis-server.js";

const TOKEN = "t0p-s3cret";

const CALLERS = 8;

/** A test that takes longer hangs. */
const PATIENCE_MS = 240_000;

const WAYS = {
  "redis://": async (redis) => ({ url: redis.url, close: () => undefined }),
  "upstash://, omnikv serve before it": async (redis) => {
    const server = await serve(["--url", redis.url], { OMNIKV_TOKEN: TOKEN });
    return { url: server.url.replace("http://", `upstash+http://:${TOKEN}@`), close: () => server.stop() };
  },
};

describe("a redis-server that is killed under load", () => {
  for (const [way, open] of Object.entries(WAYS)) {
    it(`loses and doubles nothing: ${way}`, { timeout: PATIENCE_MS }, async (test) => {
      // The server keeps what it has acknowledged.
      const redis = await startRedis("--appendonly", "yes", "--appendfsync", "always");
      const server = await open(redis);
      try {
        const kv = await connect(server.url);
        test.diagnostic(await underLoad(kv, redis));
        await kv.close();
      } finally {
        await server.close();
        await redis.close();
      }
    });
  }
});

/** Returns the counts. */
async function underLoad(kv, redis) {
  const counted = { acknowledged: 0, inDoubt: 0 };
  const written = Array.from({ length: CALLERS }, () => ({ acknowledged: 0, tried: 0 }));
  let isOver = false;

  /** Whether it was acknowledged, or may have been applied. */
  const outcome = async (operation) => {
    try {
      await operation;
      return "acknowledged";
    } catch (error) {
      assert(["unavailable", "timeout"].includes(error.code), `${error.code}: ${error.message}`);
      assert(!`${error.message}${error.stack}`.includes(TOKEN));
      return error.maybeApplied ? "inDoubt" : "nothing";
    }
  };
  const callers = written.map(async (own, caller) => {
    while (!isOver) {
      const counting = await outcome(kv.incr("n"));
      if (counting !== "nothing") counted[counting]++;
      own.tried++;
      if ((await outcome(kv.set(`own:${caller}`, own.tried))) === "acknowledged")
        own.acknowledged = own.tried;
    }
  });
  // A failing caller ends the test at once.
  const failed = Promise.all(callers).then(() => undefined);
  const goesOn = async () => {
    const before = counted.acknowledged;
    while (counted.acknowledged < before + 50) {
      await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
  };
  for (let round = 0; round < 3; round++) {
    await goesOn();
    await redis.kill();
    await redis.start();
  }
  await goesOn();
  isOver = true;
  await failed;

  const { acknowledged, inDoubt } = counted;
  const n = Number(await redis.run("GET", "n"));
  const told = `${n} counted, ${acknowledged} acknowledged, ${inDoubt} in doubt`;
  assert(n >= acknowledged && n <= acknowledged + inDoubt, told);
  for (const [caller, own] of written.entries()) {
    const value = Number(await redis.run("GET", `own:${caller}`));
    assert(value >= own.acknowledged && value <= own.tried, `${value}, not ${own.acknowledged} or later`);
  }
  return told;
}
