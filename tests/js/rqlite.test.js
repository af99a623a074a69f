// rqlite in Node, beyond the conformance cases: credentials, redirects to hosts that are none, errors that say what to do.

import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect } from "omnikv";
import { freePort } from "./redis-server.js";
import { startRqlite } from "./rqlite-server.js";

describe("rqlite", () => {
  const closing = [];
  after(async () => {
    for (const close of closing) await close();
  });

  it("takes credentials from the URL or the options, and never shows them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "omnikv-auth-"));
    const file = join(folder, "auth.json");
    const users = [
      { username: "ada", password: "s3cret!", perms: ["all"] },
      { username: "*", perms: ["ready"] },
    ];
    writeFileSync(file, JSON.stringify(users));
    const node = await startRqlite("-auth", file);
    closing.push(node.close, () => rmSync(folder, { recursive: true }));
    for (const [url, options] of [
      [`rqlite://ada:s3cret!@127.0.0.1:${node.port}`, {}],
      [node.url, { username: "ada", password: "s3cret!" }],
    ]) {
      const kv = await connect(url, options);
      await kv.set("name", "ada");
      assert.equal(await kv.get("name"), "ada");
      const { atomic, consistency } = await kv.capabilities();
      assert.deepEqual([atomic, consistency], [true, "strong"]);
      await kv.close();
    }
    const kv = await connect(`rqlite://ada:wr0ng@127.0.0.1:${node.port}`);
    const error = await kv.get("name").catch((error) => error);
    assert.deepEqual([error.code, error.backend], ["permission-denied", "rqlite"]);
    assert(!`${error.stack} ${JSON.stringify(error)}`.includes("wr0ng"));
  });

  it("tries the next host, and follows a node that names the leader", async () => {
    const node = await startRqlite();
    closing.push(node.close);
    const asked = [];
    const redirecting = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(301, { location: `http://127.0.0.1:${node.port}${request.url}` }).end();
    }).listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    closing.push(() => redirecting.close());
    const { port } = redirecting.address();
    const kv = await connect(`rqlite://127.0.0.1:${await freePort()},127.0.0.1:${port}?redirect=true`);
    assert.equal(await kv.incr("sum"), 1);
    assert.equal(await kv.incr("sum"), 2);
    // Once the leader is known, it is asked directly.
    assert.equal(asked.length, 1);
    assert(asked[0].includes("redirect"));
  });

  it("explains what a URL lacks", async () => {
    await assert.rejects(connect("rqlite://h?level=fast"), {
      code: "invalid-argument",
      message: /none or weak/,
    });
    await assert.rejects(connect("rqlite://h", { db: 1 }), { code: "unsupported" });
    await assert.rejects(connect("d1:DB"), {
      code: "unsupported",
      message: /D1 database, which only a Worker has/,
    });
  });
});
