// Every conformance case in workerd, over Cloudflare's own stores: KV, D1 and Durable Objects.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { suite } from "../js/suite.js";
import { ask, bundle, remove, start } from "./start.js";

const SEED = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);

describe("conformance in workerd, over Cloudflare's own stores", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("cloudflare-worker.js");
    worker = await start(root, {
      kvNamespaces: ["KV"],
      d1Databases: ["DB"],
      durableObjects: { OBJECTS: { className: "CaseObject", useSQLite: true } },
    });
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  for (const backend of ["cloudflare-kv", "cloudflare-kv that may race", "d1", "durable-object"]) {
    suite({ host: "workerd", backend, run: (cases) => ask(worker, { store: backend, cases }) });
  }

  it(`copyStore copies between them (OMNIKV_SEED=${SEED} repeats it)`, async () => {
    assert.equal(await ask(worker, { copySeed: SEED }), null);
  });
});
