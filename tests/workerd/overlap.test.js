// Concurrent requests in one Worker, each with its own connection: what a Worker opens belongs to its request, and
// waiting for another request's connection would hang.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { serve, TOKEN } from "../js/gateway.js";
import { startRedis } from "../js/redis-server.js";
import { ask, bundle, remove, start } from "./start.js";

describe("concurrent requests", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("worker.js");
    worker = await start(root);
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  const count = (url, key, times) => ask(worker, { url, key, times });

  it("have separate connections over redis://", async () => {
    const redis = await startRedis();
    try {
      const both = ["a", "b"].map((key) => count(redis.url, key, 200));
      assert.deepEqual(await Promise.all(both), [200, 200]);
      assert.equal(await redis.run("GET", "both"), "400");
    } finally {
      await redis.close();
    }
  });

  it("only wait for their own answers over upstash://", async () => {
    const store = await connect("memory:");
    const gateway = createGateway(store, { token: TOKEN });
    let release;
    const held = new Promise((resolve) => (release = resolve));
    let arrive;
    const arrived = new Promise((resolve) => (arrive = resolve));
    // The test decides when a call about a slow key is answered.
    const answer = async (request) => {
      const body = await request.text();
      if (body.includes('"slow"')) {
        arrive();
        await held;
      }
      return gateway(new Request(request.url, { method: request.method, headers: request.headers, body }));
    };
    const { url, close } = await serve(answer, {}, () => store.close());
    try {
      const slow = count(url, "slow", 20);
      await arrived;
      const both = ["a", "b"].map((key) => count(url, key, 100));
      assert.deepEqual(await Promise.all(both), [100, 100]);
      release();
      assert.equal(await slow, 20);
      assert.equal(await store.get("both"), "220");
    } finally {
      release();
      await close();
    }
  });
});
