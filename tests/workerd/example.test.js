// The example Worker (pkg/examples/worker) works as described.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { bundle, remove, start } from "./start.js";

describe("the example Worker", () => {
  let root;
  let server;
  const ask = (path, { client = "1.2.3.4", ...init } = {}) =>
    fetch(new URL(path, server.url), {
      ...init,
      headers: { ...init.headers, "cf-connecting-ip": client },
    });

  before(async () => {
    root = await bundle("../../pkg/examples/worker/src/index.js");
    server = await start(root, {
      kvNamespaces: ["CACHE"],
      durableObjects: { STATE: { className: "OmnikvObject", useSQLite: true } },
    });
  });

  after(async () => {
    await server?.close();
    remove(root);
  });

  it("allows ten requests a minute", async () => {
    const client = "9.9.9.9";
    const requests = Array.from({ length: 15 }, () => ask("/", { client }));
    const statuses = (await Promise.all(requests)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(10).fill(404), ...Array(5).fill(429)]);
    assert.equal((await ask("/", { client: "8.8.8.8" })).status, 404);
  });

  it("remembers who has logged in", async () => {
    assert.equal((await ask("/me")).status, 401);
    const welcome = await ask("/login", { method: "POST", body: "Alice" });
    const [cookie] = welcome.headers.get("set-cookie").split(";");
    const me = await ask("/me", { headers: { cookie } });
    assert.deepEqual([me.status, await me.text()], [200, "Alice\n"]);
    assert.equal((await ask("/me", { headers: { cookie: "session=other" } })).status, 401);
  });

  it("renders a page once", async () => {
    const [first, second] = [await ask("/page"), await ask("/page")];
    assert.deepEqual(
      [first, second].map(({ headers }) => headers.get("x-cache")),
      ["miss", "hit"],
    );
    assert.equal(await first.text(), await second.text());
  });
});
