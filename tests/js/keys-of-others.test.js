// A Redis that other programs write to: keys that are not UTF-8 do not break listings, and are returned as bytes on
// request.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { startRedis } from "./redis-server.js";

const ODD = Uint8Array.of(0x6b, 0xff, 0);

async function collect(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

const WAYS = {
  "redis://": (url) => connect(url),
  "upstash://, our gateway before it": async (url) => {
    const gateway = createGateway(url, { token: "token" });
    return connect("upstash://:token@localhost", { fetch: (at, init) => gateway(new Request(at, init)) });
  },
};

describe("keys that are no text", () => {
  let redis;
  before(async () => {
    redis = await startRedis();
    await redis.run("EVAL", "redis.call('SET', 'k\\255\\0', 'v')", 0);
    await redis.run("SET", "k1", "v");
  });
  after(() => redis.close());

  for (const [way, open] of Object.entries(WAYS)) {
    it(`over ${way}`, async () => {
      const kv = await open(redis.url);
      assert.deepEqual(await kv.keys("k*"), ["k1"]);
      assert.deepEqual((await kv.scan("0", { count: 100 })).keys, ["k1"]);
      assert.deepEqual(await collect(kv.scanIterator()), ["k1"]);
      assert.deepEqual(
        (await collect(kv.entries())).map(({ key }) => key),
        ["k1"],
      );
      const sorted = (keys) => keys.map((key) => [...key]).sort((a, b) => a[1] - b[1]);
      const all = [[0x6b, 0x31], [...ODD]];
      assert.deepEqual(sorted(await kv.keys("*", { as: "bytes" })), all);
      assert.deepEqual(sorted((await kv.scan("0", { count: 100, as: "bytes" })).keys), all);
      assert.deepEqual(sorted(await collect(kv.scanIterator({ as: "bytes" }))), all);
      assert.equal(await kv.count(), 2);
      await kv.close();
    });
  }
});
