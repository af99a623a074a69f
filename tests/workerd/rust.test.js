// The Worker in Rust (pkg/worker), as deployed, in workerd: with each store that it can be configured with, it answers
// the official client like `omnikv serve`, which other tests compare with a real redis-server.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Redis } from "@upstash/redis";
import { startRedis } from "../js/redis-server.js";
import { faults, questions } from "../upstash/script.js";
import { serve } from "../upstash/serve.js";
import { rows } from "./rows.js";
import { bundle, remove, rustWorker, start } from "./start.js";

const TOKEN = "the-token";

const BINDINGS = {
  kvNamespaces: ["CACHE"],
  durableObjects: { STATE: { className: "OmnikvObject", useSQLite: true } },
};

describe("the Worker in Rust", () => {
  let root;
  let reference;

  before(async () => {
    root = rustWorker("rust-worker.js");
    reference = await serve([], { OMNIKV_TOKEN: TOKEN });
  });
  after(async () => {
    await reference.stop();
    remove(root);
  });

  /** Runs work with the Worker in this configuration. */
  async function withWorker(variables, work, options = {}) {
    const bindings = { OMNIKV_TOKEN: TOKEN, ...variables };
    const server = await start(root, { ...BINDINGS, bindings, ...options });
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  }

  const client = ({ url }, options) =>
    new Redis({ url, token: TOKEN, enableTelemetry: false, retry: false, ...options });

  const ask = (server, path, given = {}) =>
    fetch(new URL(path, server.url), {
      ...given,
      headers: { authorization: `Bearer ${TOKEN}`, ...given.headers },
    });

  /** The client's error, without the command that it appends. */
  const fault = (run) =>
    run.then(String, ({ name, message }) => [name, message.replace(/, command was: .*/s, "")]);

  /** Sends all calls of the script to the Worker and to `omnikv serve`, in these ways. */
  async function judge(server, ways = [{}]) {
    const differing = [];
    for (const way of ways) {
      const [ours, theirs] = [client(server, way), client(reference, way)];
      const asked = [
        ...Object.entries(questions),
        ...Object.entries(faults).map(([name, run]) => [`fails: ${name}`, (redis) => fault(run(redis))]),
      ];
      for (const [name, question] of asked) {
        await Promise.all([ours.flushdb(), theirs.flushdb()]);
        const answers = await Promise.all([ours, theirs].map(async (redis) => question(redis).catch(String)));
        try {
          assert.deepEqual(answers[0], answers[1]);
        } catch ({ message }) {
          differing.push(`${name}: ${message}`);
        }
      }
    }
    assert.deepEqual(differing, []);
  }

  describe("answers @upstash/redis as `omnikv serve` does, over", () => {
    it("memory:, in either encoding", () => {
      const ways = [{}, { responseEncoding: false, enableAutoPipelining: false }];
      return withWorker({ OMNIKV_URL: "memory:" }, (server) => judge(server, ways));
    });

    for (const url of ["durable-object:STATE", "cloudflare-kv:CACHE?nonatomic=allow"]) {
      it(url, () => withWorker({ OMNIKV_URL: url }, (server) => judge(server)));
    }

    it("redis://, with sockets that belong to a request and end with it", async () => {
      const redis = await startRedis();
      try {
        await withWorker({ OMNIKV_URL: redis.url }, async (server) => {
          await judge(server);
          // Two concurrent requests have separate connections.
          const count = (key) => Promise.all(Array.from({ length: 50 }, () => ask(server, `/incr/${key}`)));
          const answers = await Promise.all([count("n"), count("n")]);
          assert(answers.flat().every(({ status }) => status === 200));
          assert.equal(await client(server).get("n"), 100);
          const left = async () => (await redis.run("CLIENT", "LIST")).trim().split("\n").length;
          while ((await left()) > 1) await new Promise((resolve) => setTimeout(resolve, 20));
        });
      } finally {
        await redis.close();
      }
    });

    it("upstash://, with fetch", async () => {
      const behind = await serve([], { OMNIKV_TOKEN: "inner" });
      try {
        const url = behind.url.replace("http://", "upstash+http://:inner@");
        await withWorker({ OMNIKV_URL: url }, async (server) => {
          await judge(server);
          const count = () => Promise.all(Array.from({ length: 50 }, () => ask(server, "/incr/n")));
          await Promise.all([count(), count()]);
          assert.equal(await client(server).get("n"), 100);
        });
      } finally {
        await behind.stop();
      }
    });
  });

  it("reports what Cloudflare KV cannot do, with an alternative", () =>
    withWorker({ OMNIKV_URL: "cloudflare-kv:CACHE" }, async (server) => {
      const kv = client(server);
      assert.equal(await kv.set("k", { a: 1 }, { ex: 30 }), "OK");
      assert.deepEqual(await kv.get("k"), { a: 1 });
      assert.equal(await kv.ttl("k"), 30);
      assert.deepEqual(await kv.mget("k", "none", "__proto__", "10"), [{ a: 1 }, null, null, null]);
      assert.deepEqual(await kv.keys("*"), ["k"]);
      const [, message] = await fault(kv.incr("n"));
      assert.match(message, /atomic|one step/);
      // Bytes that are not text survive, alone and among others.
      await ask(server, "/set/bytes", { method: "POST", body: Uint8Array.of(0xff, 0, 0xfe) });
      const bytes = await ask(server, "/mget/bytes/k", { headers: { "upstash-encoding": "base64" } });
      const { result } = await bytes.json();
      assert.equal(result[0], Buffer.of(0xff, 0, 0xfe).toString("base64"));
    }));

  it("keeps Durable Objects when workerd is killed, and removes expired entries with an alarm", async () => {
    const storage = mkdtempSync(join(tmpdir(), "omnikv-objects-"));
    const options = { durableObjectsPersist: storage };
    const variables = { OMNIKV_URL: "durable-object:STATE?shards=3" };
    try {
      await withWorker(
        variables,
        async (server) => {
          const kv = client(server);
          await kv.set("kept", "1");
          for (let number = 0; number < 20; number++) await kv.set(`short:${number}`, "1", { px: 300 });
          assert((await kv.dbsize()) > 0);
          while (rows(storage, "SELECT count(*) FROM omnikv WHERE key LIKE 'short:%'") > 0) {
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          assert.equal(await kv.incr("count"), 1);
          server.kill();
          await server.gone();
        },
        options,
      );
      await withWorker(
        variables,
        async (server) => assert.deepEqual(await client(server).mget("count"), [1]),
        options,
      );
      assert.equal(rows(storage, "SELECT count(*) FROM omnikv WHERE key = 'kept'"), 1);
    } finally {
      rmSync(storage, { recursive: true });
    }
  });

  it("finds in Durable Objects what a Worker in JavaScript has written", async () => {
    const storage = mkdtempSync(join(tmpdir(), "omnikv-objects-"));
    const options = { durableObjectsPersist: storage };
    const other = await bundle("objects-worker.js");
    try {
      const durableObjects = { OBJECTS: BINDINGS.durableObjects.STATE };
      const server = await start(other, { ...options, durableObjects });
      const calls = [
        ["set", "text", "ünï", { ttl: 1000 }],
        ["rpush", "list", "a", "b"],
        ["hset", "hash", { field: "value" }],
      ];
      const written = await fetch(server.url, { method: "POST", body: JSON.stringify({ calls }) });
      assert.deepEqual(await written.json(), ["OK", 2, 1]);
      await server.close();
      const read = async (server) => {
        const kv = client(server);
        assert.equal(await kv.get("text"), "ünï");
        assert((await kv.ttl("text")) > 900);
        assert.deepEqual(await kv.lrange("list", 0, -1), ["a", "b"]);
        assert.deepEqual(await kv.hgetall("hash"), { field: "value" });
      };
      await withWorker({ OMNIKV_URL: "durable-object:STATE" }, read, options);
    } finally {
      remove(other);
      rmSync(storage, { recursive: true });
    }
  });

  for (const url of ["memory:", "durable-object:STATE"]) {
    it(`${url}: counts correctly with many concurrent requests`, () =>
      withWorker({ OMNIKV_URL: url }, async (server) => {
        const counts = Array.from({ length: 100 }, async () => (await ask(server, "/incr/n")).json());
        const results = (await Promise.all(counts)).map(({ result }) => result);
        assert.deepEqual(
          results.sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, index) => index + 1),
        );
      }));
  }

  it("requires a token, and the read-only one only reads", () =>
    withWorker({ OMNIKV_URL: "memory:", OMNIKV_READ_ONLY_TOKEN: "reader" }, async (server) => {
      const by = (authorization, path) => ask(server, path, { headers: { authorization } });
      assert.equal((await by("", "/get/k")).status, 401);
      assert.equal((await by("Bearer other", "/get/k")).status, 401);
      assert.equal((await by(`Bearer ${TOKEN}`, "/set/k/v")).status, 200);
      assert.deepEqual(await (await by("Bearer reader", "/get/k")).json(), { result: "v" });
      const refused = await by("Bearer reader", "/set/k/w");
      assert.equal(refused.status, 400);
      assert.match((await refused.json()).error, /^NOPERM .*'set'/);
      assert.deepEqual(await (await fetch(new URL("/get/k?_token=reader", server.url))).json(), {
        result: "v",
      });
    }));

  it("rejects pages that are not allowed", async () => {
    const from = (server, origin) => ask(server, "/ping", { headers: { origin } });
    await withWorker({ OMNIKV_URL: "memory:" }, async (server) => {
      const { status, headers } = await from(server, "https://example.com");
      assert.deepEqual([status, headers.get("access-control-allow-origin")], [403, null]);
    });
    const variables = { OMNIKV_URL: "memory:", OMNIKV_ORIGINS: "https://example.com, https://example.org" };
    await withWorker(variables, async (server) => {
      const page = await from(server, "https://example.org");
      const allowed = page.headers.get("access-control-allow-origin");
      assert.deepEqual([page.status, allowed], [200, "https://example.org"]);
      assert.equal((await from(server, "https://example.net")).status, 403);
      const preflight = await ask(server, "/", {
        method: "OPTIONS",
        headers: { origin: "https://example.com" },
      });
      assert.equal(preflight.status, 204);
    });
  });

  it("rejects too large requests and unknown methods", async () => {
    await withWorker({ OMNIKV_URL: "memory:", OMNIKV_MAX_REQUEST_BYTES: "1000" }, async (server) => {
      const set = (bytes) => ask(server, "/set/k", { method: "POST", body: new Uint8Array(bytes) });
      assert.equal((await set(1000)).status, 200);
      assert.equal((await set(1001)).status, 413);
      assert.deepEqual(await (await ask(server, "/strlen/k")).json(), { result: 1000 });
      for (const method of ["DELETE", "PROPFIND"])
        assert.equal((await ask(server, "/get/k", { method })).status, 405, method);
    });
  });

  it("reports configuration errors without secrets", async () => {
    for (const [variables, message] of [
      [{ OMNIKV_TOKEN: "", OMNIKV_URL: "memory:" }, /OMNIKV_TOKEN.*wrangler secret put/],
      [{}, /OMNIKV_URL/],
      [{ OMNIKV_URL: "memory:", OMNIKV_READ_ONLY_TOKEN: TOKEN }, /OMNIKV_READ_ONLY_TOKEN/],
      [{ OMNIKV_URL: "cloudflare-kv:STATE" }, /KV namespace/],
      [{ OMNIKV_URL: "durable-object:CACHE" }, /Durable Object/],
      [{ OMNIKV_URL: "durable-object:STATE?shards=0" }, /shards/],
      [{ OMNIKV_URL: "rediz://:s3cret@host" }, /Unsupported KVS URL: rediz:\/\/host/],
      [{ OMNIKV_URL: "memory:", OMNIKV_MAX_REQUEST_BYTES: "much" }, /OMNIKV_MAX_REQUEST_BYTES/],
    ]) {
      await withWorker(variables, async (server) => {
        const response = await ask(server, "/ping");
        const { error } = await response.json();
        assert.equal(response.status, 503);
        assert.match(error, message);
        assert.doesNotMatch(error, /s3cret|the-token/);
      });
    }
  });
});
