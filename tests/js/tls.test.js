// TLS servers, used by programs that trust their authority through NODE_EXTRA_CA_CERTS, and by programs that do not.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { after, before, describe, it } from "node:test";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { createGateway } from "omnikv/gateway";
import { certify, redisWithTls } from "./certificates.js";

const SECRET = "t0p-s3cret";

/** A program that increments a counter and prints the result. Node reads its trusted authorities at startup. */
const PROGRAM = `
  import { connect } from "omnikv";
  import { inspect } from "node:util";
  const [url, options] = process.argv.slice(1);
  const kv = await connect(url, JSON.parse(options));
  const told = ({ code, maybeApplied, ...rest }) => ({ code, maybeApplied, all: inspect(rest, { showHidden: true, depth: 9 }) });
  const count = await kv.incr("n").catch((error) => told(Object.assign(error, { text: String(error) })));
  console.log(JSON.stringify(count));
  await kv.close();`;

async function count(url, ca, options = {}) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const given = ["--input-type=module", "--eval", PROGRAM, "--", url, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, given, {
    cwd: new URL(".", import.meta.url),
    env: ca === undefined ? env : { ...env, NODE_EXTRA_CA_CERTS: ca },
  });
  return JSON.parse(stdout);
}

/** The error says that the server is not trusted and that nothing was done, and contains no secret. */
function assertUntrusted({ code, maybeApplied, all }) {
  assert.deepEqual([code, maybeApplied], ["permission-denied", false], all);
  assert.match(all, /certificate/);
  assert.doesNotMatch(all, /t0p/);
}

describe("TLS", () => {
  let files;
  before(() => {
    files = certify();
  });
  after(() => files?.remove());

  it("reaches a redis-server with rediss://", async () => {
    const redis = await redisWithTls(files, "--user", "app", "on", `>${SECRET}`, "~*", "+@all");
    try {
      const { tlsPort } = redis;
      assert.equal(await count(`rediss://app:${SECRET}@127.0.0.1:${tlsPort}`, files.ca), 1);
      assert.equal(await count(`rediss://app:${SECRET}@localhost:${tlsPort}/0`, files.ca), 2);
      assertUntrusted(await count(`rediss://app:${SECRET}@localhost:${tlsPort}`));
      assert.equal(await redis.run("GET", "n"), "2");
    } finally {
      await redis.close();
    }
  });

  it("reaches a gateway with https://", async () => {
    const gateway = createGateway("memory:tls", { token: SECRET });
    const { key, certificate, ca } = files;
    const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
    server.on("request", async (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const body = Readable.toWeb(incoming);
      const request = new Request(`https://localhost${url}`, { method, headers, body, duplex: "half" });
      const response = await gateway(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address();
      assert.equal(await count(`https://localhost:${port}`, ca, { token: SECRET }), 1);
      assert.equal(await count(`upstash://:${SECRET}@127.0.0.1:${port}`, ca), 2);
      assertUntrusted(await count(`https://localhost:${port}`, undefined, { token: SECRET }));
      assert.equal(await count(`upstash://:${SECRET}@127.0.0.1:${port}`, ca), 3);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
