// Every conformance case, in Node, over Cloudflare's REST API for KV, with a real namespace in workerd.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { ownTime, runCase } from "../js/case.js";
import { suite } from "../js/suite.js";
import { runAll } from "../js/world.js";
import { bundle, remove, start } from "./start.js";

const TOKEN = "t0p-s3cret";

describe("Cloudflare KV over REST", () => {
  let root;
  let worker;

  before(async () => {
    root = await bundle("kv-api-worker.js");
    worker = await start(root, { kvNamespaces: ["KV"] });
  });

  after(async () => {
    await worker?.close();
    remove(root);
  });

  const endpoint = () => new URL("/client/v4", worker.url).href;
  const url = (more = "") =>
    `cloudflare-kv://account/names?endpoint=${encodeURIComponent(endpoint())}${more}`;

  /** The world of one case, on an empty namespace. */
  async function emptied() {
    await fetch(new URL("/clear", worker.url));
    const world = ownTime(url("&nonatomic=allow"));
    return { ...world, options: { ...world.options, token: TOKEN }, isServer: true };
  }

  suite({
    host: "Node",
    backend: "cloudflare-kv over REST",
    run: (cases) => runAll(cases, runCase, connect, emptied),
  });

  it("rejects operations it cannot do atomically, and shows no token", async () => {
    const kv = await connect(url(), { token: TOKEN });
    await assert.rejects(kv.incr("n"), { code: "unsupported" });
    await assert.rejects(kv.records.put("a", -1, 1), { code: "unsupported", message: /durable-object:/ });
    await assert.rejects(kv.tasks.worker({ handlers: { n() {} } }).done, { code: "unsupported" });
    // Reading finds nothing, but waiting for more would never end.
    assert.deepEqual([await kv.records.get("a"), await kv.changes.read()], [null, []]);
    await assert.rejects(kv.changes.watch().next(), { code: "unsupported", message: /cannot have/ });
    await kv.close();
    const other = await connect(url(), { token: `${TOKEN}-wrong` });
    await assert.rejects(other.get("k"), (error) => {
      assert.doesNotMatch(`${error.message} ${error.stack}`, /t0p/);
      return error.code === "permission-denied";
    });
    await other.close();
  });
});
