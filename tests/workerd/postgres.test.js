// A PostgreSQL server used by Workers: each request has connections of its own. With TLS, workerd trusts the authority in
// NODE_EXTRA_CA_CERTS, which miniflare passes on.

import assert from "node:assert/strict";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { certify } from "../js/certificates.js";
import { startPostgres } from "../js/postgres-server.js";
import { ask, bundle, remove, start } from "./start.js";

describe("postgres:// in workerd", () => {
  let root, files, server;

  before(async () => {
    files = certify();
    root = await bundle("worker.js");
    server = await startPostgres((data) => {
      copyFileSync(files.certificate, join(data, "cert"));
      copyFileSync(files.key, join(data, "key"));
      chmodSync(join(data, "key"), 0o600);
      return ["ssl=on", "ssl_cert_file=../cert", "ssl_key_file=../key"];
    });
  });

  after(async () => {
    await server?.close();
    files?.remove();
    remove(root);
  });

  const count = async (url, env, times = 1) => {
    const worker = await start(root, {}, env);
    try {
      const asked = Array.from({ length: times }, (_, at) => ask(worker, { url, key: `n${at}`, times: 3 }));
      return await Promise.all(asked);
    } finally {
      await worker.close();
    }
  };

  it("counts in several requests at once", async () => {
    assert.deepEqual(await count(`${server.url()}?sslmode=disable&retries=20`, {}, 4), [3, 3, 3, 3]);
    assert.deepEqual(await server.sql("SELECT convert_from(value, 'UTF8') FROM omnikv WHERE key = 'both'"), [
      "12",
    ]);
  });

  it("reaches a trusted server with TLS", async () => {
    const url = `${server.url("localhost")}?sslmode=require&schema=tls`;
    assert.deepEqual(await count(url, { NODE_EXTRA_CA_CERTS: files.ca }), [3]);
  });

  it("rejects other servers, and reports it without secrets", async () => {
    const [{ code, message, maybeApplied }] = await count(`${server.url("localhost")}?sslmode=require`, {
      NODE_EXTRA_CA_CERTS: "",
    });
    assert.deepEqual([code, maybeApplied], ["unavailable", false], message);
    assert.doesNotMatch(message, /p@ss|p%40ss/);
  });
});
