// Consumers, workers and schedules in a Worker, in workerd.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ask, bundle, remove, start } from "./start.js";

describe("records in a Worker", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("records-worker.js");
    worker = await start(root);
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  it("a consumer reads changes, and a scheduled task runs", async () => {
    assert.deepEqual(await ask(worker, {}), ["a", "tick"]);
  });
});
