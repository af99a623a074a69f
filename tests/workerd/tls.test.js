// A redis-server with TLS, used by Workers: workerd trusts its authority through NODE_EXTRA_CA_CERTS, which miniflare
// passes on, or not at all.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";
import { after, before, describe, it } from "node:test";
import { certify, redisWithTls } from "../js/certificates.js";
import { ask, bundle, remove, start } from "./start.js";

const SECRET = "t0p-s3cret";

describe("rediss:// in workerd", () => {
  let root, files, redis;

  before(async () => {
    files = certify();
    [root, redis] = await Promise.all([
      bundle("worker.js"),
      redisWithTls(files, "--user", "app", "on", `>${SECRET}`, "~*", "+@all"),
    ]);
  });

  after(async () => {
    await redis?.close();
    files?.remove();
    remove(root);
  });

  const count = async (env) => {
    const worker = await start(root, {}, env);
    try {
      const url = `rediss://app:${SECRET}@localhost:${redis.tlsPort}`;
      return await ask(worker, { url, key: "n", times: 3 });
    } finally {
      await worker.close();
    }
  };

  it("reaches a trusted server", async () => {
    assert.equal(await count({ NODE_EXTRA_CA_CERTS: files.ca }), 3);
  });

  it("rejects other servers, and reports it without secrets", async () => {
    const { code, message, maybeApplied } = await count({ NODE_EXTRA_CA_CERTS: "" });
    assert.deepEqual([code, maybeApplied], ["unavailable", false], message);
    assert.doesNotMatch(message, /t0p/);
  });

  it("sends nothing to a server with another name", async () => {
    const shown = [];
    const tls = { key: readFileSync(files.key), cert: readFileSync(files.certificate) };
    const server = createServer(tls, (socket) => socket.on("data", (bytes) => shown.push(String(bytes))));
    server.on("tlsClientError", () => undefined);
    await once(server.listen(0, "127.0.0.2"), "listening");
    const worker = await start(root, {}, { NODE_EXTRA_CA_CERTS: files.ca });
    try {
      // The certificate is for 127.0.0.1.
      const url = `rediss://app:${SECRET}@127.0.0.2:${server.address().port}?retries=0`;
      const { code, maybeApplied } = await ask(worker, { url, key: "n", times: 3 });
      assert.deepEqual([code, maybeApplied, shown], ["unavailable", false, []]);
    } finally {
      await worker.close();
      server.close();
    }
  });
});
