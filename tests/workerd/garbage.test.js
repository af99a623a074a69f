// Garbage collection in workerd, where handlers often open their stores on each request.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { garbage } from "../both/garbage.js";
import { ask, bundle, remove, start } from "./start.js";

describe("garbage in workerd", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("garbage-worker.js");
    worker = await start(root, {}, { MINIFLARE_WORKERD_V8_FLAGS: "--expose-gc" });
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  for (const name of Object.keys(garbage)) {
    it(name, async () => {
      assert.deepEqual(await ask(worker, { name }), {});
    });
  }
});
