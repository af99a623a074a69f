// Servers that accept connections and never answer: an operation fails in time and closes its connection, however it
// ends; a program that has closed its store exits. The servers count their connections.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { connect } from "omnikv";
import { certify } from "./certificates.js";
import { silentServer } from "./silent-server.js";

/** A test that takes longer hangs. */
const PATIENCE_MS = 120_000;

const QUICK = { timeout: "300ms" };

/** Longer than any test runs. */
const SLOW = { timeout: "1h", retries: 0 };

const URLS = {
  "redis://": (at) => `redis://${at}`,
  "rediss://": (at) => `rediss://${at}`,
  "upstash+http://": (at) => `upstash+http://:t@${at}`,
  "cloudflare-kv://": (at) => `cloudflare-kv://:t@account/names?nonatomic=allow&endpoint=http://${at}`,
};

/** Node's fetch ends a TLS handshake after ten seconds, whatever the timeout: only one program waits for that. */
const HTTPS = (at) => `upstash://:t@${at}`;

const isLate = (error) => ["timeout", "unavailable"].includes(error.code) && !error.maybeApplied;

describe("a server that accepts and never answers", { timeout: PATIENCE_MS }, () => {
  for (const [way, url] of Object.entries(URLS)) {
    it(`keeps no connection after a failure: ${way}`, async () => {
      const server = await silentServer();
      try {
        const kv = await connect(url(server.authority), QUICK);
        await assert.rejects(kv.get("k"), isLate);
        // The store is still open.
        await server.empty();
        await Promise.allSettled([kv.get("k"), kv.set("k", "v"), kv.incr("n")]);
        await server.empty();
        await kv.close();
      } finally {
        await server.close();
      }
    });

    it(`keeps no connection after close(): ${way}`, async () => {
      const server = await silentServer();
      try {
        const kv = await connect(url(server.authority), QUICK);
        const got = assert.rejects(kv.get("k"), isLate);
        await server.reached();
        await kv.close();
        await got;
        await server.empty();
      } finally {
        await server.close();
      }
    });

    for (const whose of ["the call's", "the store's"]) {
      it(`keeps no connection after ${whose} signal: ${way}`, async () => {
        const server = await silentServer();
        try {
          const end = new AbortController();
          const { signal } = end;
          const kv = await connect(
            url(server.authority),
            whose === "the call's" ? SLOW : { ...SLOW, signal },
          );
          const got = assert.rejects(kv.get("k", { signal }), { code: "cancelled" });
          await server.reached();
          end.abort();
          await got;
          // The store is still open.
          await server.empty();
          await kv.close();
        } finally {
          await server.close();
        }
      });
    }
  }

  it("gets no connection if the call is cancelled before", async () => {
    const server = await silentServer();
    try {
      for (const url of Object.values(URLS)) {
        const end = new AbortController();
        const kv = await connect(url(server.authority), SLOW);
        const got = assert.rejects(kv.get("k", { signal: end.signal }), { code: "cancelled" });
        end.abort();
        await got;
        await kv.close();
      }
      // A later operation got through, so nothing before it is left.
      const kv = await connect(URLS["redis://"](server.authority), QUICK);
      await assert.rejects(kv.get("k"), isLate);
      await server.empty();
      await kv.close();
    } finally {
      await server.close();
    }
  });
});

describe("a server with another protocol", { timeout: PATIENCE_MS }, () => {
  let files;
  before(() => {
    files = certify();
  });
  after(() => files?.remove());

  it("keeps no connection: bytes that are not TLS, RESP or HTTP", async () => {
    const server = await silentServer({ answer: "garb\u0000age\r\n" });
    try {
      for (const url of Object.values(URLS)) {
        const kv = await connect(url(server.authority), QUICK);
        await assert.rejects(kv.get("k"));
        await server.empty();
        await kv.close();
      }
    } finally {
      await server.close();
    }
  });

  it("keeps no connection: TLS where none is expected", async () => {
    const tls = { key: readFileSync(files.key), cert: readFileSync(files.certificate) };
    const server = await silentServer({ tls });
    try {
      for (const url of Object.values(URLS)) {
        const kv = await connect(url(server.authority), QUICK);
        await assert.rejects(kv.get("k"));
        await server.empty();
        await kv.close();
      }
    } finally {
      await server.close();
    }
  });
});

/** Programs: one fails to reach a server and closes its store; another cancels its call. */
const PROGRAMS = {
  "fails and closes its store": `
    const kv = await connect(url, { timeout: "300ms" });
    await kv.get("k").catch((error) => console.log(error.code));
    await kv.close();`,
  "closes its store while it waits": `
    const kv = await connect(url, { timeout: "300ms" });
    kv.get("k").catch((error) => console.log(error.code));
    await kv.close();`,
  "gives up what it waits for": `
    const end = new AbortController();
    const kv = await connect(url, { timeout: "1h", signal: end.signal });
    kv.get("k").catch((error) => console.log(error.code));
    setImmediate(() => end.abort());`,
};

describe("a program", { timeout: PATIENCE_MS }, () => {
  for (const [what, program] of Object.entries(PROGRAMS)) {
    it(`ends when it ${what}`, async () => {
      const server = await silentServer();
      try {
        const ways = Object.values(URLS);
        if (what === "fails and closes its store") ways.push(HTTPS);
        for (const url of ways) {
          const lines = `import { connect } from "omnikv"; const [url] = process.argv.slice(1); ${program}`;
          const given = ["--input-type=module", "--eval", lines, "--", url(server.authority)];
          const cwd = new URL(".", import.meta.url);
          const child = spawn(process.execPath, given, { cwd, stdio: ["ignore", "pipe", "inherit"] });
          const told = child.stdout.toArray();
          const [code] = await once(child, "exit");
          assert.equal(code, 0);
          assert.match(String(Buffer.concat(await told)), /timeout|unavailable|cancelled/);
        }
      } finally {
        await server.close();
      }
    });
  }
});

describe("a clock that jumps", { timeout: PATIENCE_MS }, () => {
  it("causes no timeout", async () => {
    const server = createServer((_, outgoing) => outgoing.end('{"result":"dg=="}'));
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      // Each read of this clock is an hour later.
      let now = 1e12;
      const clock = () => (now += 3_600_000);
      const kv = await connect(`upstash+http://:t@127.0.0.1:${server.address().port}`, { clock });
      assert.equal(await kv.get("k"), "v");
      await kv.close();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
