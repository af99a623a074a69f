// The official, unmodified client of Upstash tests `omnikv serve` over a memory store and over a redis-server: its
// answers equal those of a real redis-server, in both encodings, with and without automatic pipelining.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Redis } from "@upstash/redis";
import { startRedis } from "../js/redis-server.js";
import { redisByRest } from "./redis.js";
import { faults, questions } from "./script.js";
import { serve } from "./serve.js";

const TOKEN = "the-token";

const ways = {
  "base64, automatic pipelining": {},
  "plain, automatic pipelining": { responseEncoding: false },
  "base64, one by one": { enableAutoPipelining: false },
  "plain, one by one": { responseEncoding: false, enableAutoPipelining: false },
};

const client = (url, way) => new Redis({ url, token: TOKEN, enableTelemetry: false, retry: false, ...way });

/** The client's error, without the command that it appends. */
async function fault(run) {
  try {
    await run();
  } catch (error) {
    return [error.name, error.message.replace(/, command was: .*/s, "")];
  }
  return "nothing";
}

describe("@upstash/redis", () => {
  let redis, behind;
  const gateways = {};
  before(async () => {
    [redis, behind] = await Promise.all([redisByRest(), startRedis()]);
    gateways.memory = await serve([], { OMNIKV_TOKEN: TOKEN });
    gateways.redis = await serve(["--url", behind.url], { OMNIKV_TOKEN: TOKEN });
  });
  after(async () => {
    await Promise.all([gateways.memory?.stop(), gateways.redis?.stop(), redis?.close()]);
    await behind?.close();
  });

  for (const [way, options] of Object.entries(ways)) {
    describe(way, () => {
      /** The answers of `omnikv serve` over both stores, and of Redis. */
      const all = async (ask) => {
        const answers = [];
        for (const { url } of [gateways.memory, gateways.redis, redis]) {
          const asked = client(url, options);
          await asked.flushdb();
          answers.push(await ask(asked));
        }
        return answers;
      };
      for (const [name, ask] of Object.entries(questions)) {
        it(name, async () => {
          const [overMemory, overRedis, theirs] = await all(ask);
          assert.deepEqual(overMemory, theirs);
          assert.deepEqual(overRedis, theirs);
        });
      }
      for (const [name, ask] of Object.entries(faults)) {
        it(`fails: ${name}`, async () => {
          const [overMemory, overRedis, theirs] = await all((asked) => fault(() => ask(asked)));
          assert.notEqual(theirs, "nothing");
          assert.deepEqual(overMemory, theirs);
          assert.deepEqual(overRedis, theirs);
        });
      }
    });
  }

  it("can only read with a read-only token", async () => {
    const server = await serve(["--read-only-token", "reader"], { UPSTASH_REDIS_REST_TOKEN: TOKEN });
    try {
      await client(server.url).set("k", "v");
      const reader = client(server.url, { token: "reader" });
      assert.equal(await reader.get("k"), "v");
      assert.match((await fault(() => reader.set("k", "w")))[1], /NOPERM .*'set'/);
      assert.match((await fault(() => reader.multi().get("k").del("k").exec()))[1], /NOPERM/);
      assert.match((await fault(() => client(server.url, { token: "other" }).get("k")))[1], /WRONGPASS/);
      assert.equal(await reader.get("k"), "v");
    } finally {
      await server.stop();
    }
  });
});
