// PostgreSQL in Node: every conformance case, crashes, TLS, and the module that loads with the URL.

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { runCase } from "./case.js";
import { certify } from "./certificates.js";
import { startPostgres } from "./postgres-server.js";
import { suite } from "./suite.js";
import { runAll } from "./world.js";

describe("postgres", () => {
  let server;
  let kept;
  before(async () => {
    server = await startPostgres();
    // Its connections stay open, so that the cases need not prove the password each time.
    kept = await connect(server.url());
    await kept.get("a");
  });
  after(async () => {
    await kept?.close();
    await server?.close();
  });

  suite({
    host: "Node",
    backend: "postgres",
    oneByOne: true,
    run: (cases) => runAll(cases, runCase, connect, () => server.world()),
  });

  it("is read by other programs", async () => {
    await kept.set("user:1", "Alice");
    await kept.records.put("p", -1, { name: "Zoë" });
    assert.deepEqual(
      await server.sql("SELECT convert_from(value, 'UTF8') FROM omnikv WHERE key = 'user:1'"),
      ["Alice"],
    );
    assert.deepEqual(await server.sql("SELECT value ->> 'name' FROM omnikv_records"), ["Zoë"]);
  });

  it("recovers when the server crashes, and does nothing twice", async () => {
    // On a busy machine a restart takes long.
    const kv = await connect(server.url(), { retries: 100, timeout: 60 });
    await kv.flush({ all: true });
    const running = Array.from({ length: 200 }, () =>
      kv.incr("n").then(
        () => 1,
        (error) => error,
      ),
    );
    await server.kill();
    await server.start();
    const results = await Promise.all(running);
    const done = results.filter((result) => result === 1).length;
    const unknown = results.filter((error) => error.maybeApplied).length;
    const others = results.filter((result) => result !== 1 && !result.maybeApplied);
    for (const error of others) assert(["unavailable", "timeout", "conflict"].includes(error.code), error);
    const n = Number((await kv.get("n")) ?? 0);
    assert(n >= done && n <= done + unknown, `${n} after ${done} and perhaps ${unknown}`);
    await kv.close();
  });

  it("shows no secret", async () => {
    const wrong = server.url().replace(/:[^:@]*@/, ":s3cret@");
    const error = await connect(wrong).then((kv) => kv.get("a").catch((error) => error));
    assert.equal(error.code, "permission-denied");
    assert.doesNotMatch(`${error} ${error.stack} ${error.cause}`, /s3cret/);
    await assert.rejects(connect("postgres://h/?x=1"), { code: "invalid-argument" });
  });
});

describe("postgres with TLS", () => {
  const files = certify();
  const ca = readFileSync(files.ca, "utf8");
  let server;
  before(async () => {
    server = await startPostgres((data) => {
      copyFileSync(files.certificate, join(data, "cert"));
      copyFileSync(files.key, join(data, "key"));
      chmodSync(join(data, "key"), 0o600);
      return ["ssl=on", "ssl_cert_file=../cert", "ssl_key_file=../key"];
    });
  });
  after(async () => {
    files.remove();
    await server?.close();
  });

  for (const [parameters, options, encrypted] of [
    ["sslmode=disable", {}, "f"],
    ["", {}, "t"],
    ["sslmode=require", {}, "t"],
    ["sslmode=verify-full", { tls: { ca } }, "t"],
    ["sslmode=verify-full", {}, "permission-denied"],
  ]) {
    it(`${parameters || "by default"}, ${Object.keys(options).join() || "no options"}`, async () => {
      const kv = await connect(
        `${server.url("localhost")}?application_name=tls&retries=0&${parameters}`,
        options,
      );
      const got = await kv.set("a", "1").then(
        async () => {
          const text = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)";
          return (await server.sql(`${text} WHERE application_name = 'tls'`))[0];
        },
        ({ code }) => code,
      );
      await kv.close();
      assert.equal(got, encrypted);
      while ((await server.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'tls'")).length > 0);
    });
  }
});
