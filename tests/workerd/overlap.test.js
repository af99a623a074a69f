// Requests at once in one Worker, each with a connection of its own: what a Worker has open belongs to its request.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startRedis } from "../js/redis-server.js";
import { ask, bundle, remove, start } from "./start.js";

describe("requests at once", () => {
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

  it("have each a connection of its own", async () => {
    const redis = await startRedis();
    try {
      const both = ["a", "b"].map((key) => ask(worker, { url: redis.url, key, times: 200 }));
      assert.deepEqual(await Promise.all(both), [200, 200]);
      assert.equal(await redis.run("GET", "both"), "400");
    } finally {
      await redis.close();
    }
  });
});
