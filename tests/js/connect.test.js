// What a URL and the options beside it say of a server, as a real redis-server, one with a password and one with TLS see it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect, createStores, MemoryStore, open } from "omnikv";
import { certify, redisWithTls } from "./certificates.js";
import { freePort, startRedis } from "./redis-server.js";

const PASSWORD = "p@ss/?:#w0rd";

const invalid = (message) => ({ code: "invalid-argument", message });

describe("a redis:// URL and the options beside it", () => {
  let redis;
  before(async () => {
    const user = ["--user", "ada", "on", `>${PASSWORD}`, "~*", "&*", "+@all"];
    redis = await startRedis("--databases", "4", ...user);
    await redis.run("CONFIG", "SET", "requirepass", PASSWORD);
  });
  after(() => redis?.close());

  /** In which database a store is, and as whom: there it leaves its mark. */
  async function place(url, options) {
    const kv = await connect(url, options);
    try {
      await kv.set("mark", "x");
      const { server } = await kv.stats();
      const found = Object.keys(server).filter((name) => /^db\d+$/.test(name));
      await kv.del("mark");
      return found;
    } finally {
      await kv.close();
    }
  }

  it("mean the same in each of their forms", async () => {
    const secret = encodeURIComponent(PASSWORD);
    const { port } = redis;
    for (const [url, options] of [
      [`redis://:${secret}@127.0.0.1:${port}/2`],
      [`redis://:${secret}@127.0.0.1:${port}?db=2`],
      [`redis://127.0.0.1:${port}?db=2&password=${secret}`],
      [`redis://127.0.0.1:${port}/2?username=ada&password=${secret}&protocol=2&family=4`],
      [`redis://ada:${secret}@localhost:${port}/2?protocol=3&family=0&tls=false`],
      ["redis://", { host: "127.0.0.1", port, password: PASSWORD, db: 2 }],
      ["redis://127.0.0.1", { port, username: "ada", password: PASSWORD, db: 2, tls: false }],
      [`redis://127.0.0.1:${port}/2`, { token: PASSWORD, db: 3 }],
      [`  redis://127.0.0.1:${port}/2\n`, { password: PASSWORD, poolSize: 3 }],
    ]) {
      assert.deepEqual(await place(url, options), ["db2"], url);
    }
  });

  it("are refused where they are not understood, and nothing secret is said", async () => {
    for (const [url, message] of [
      ["redis://h?nosuch=s3cret", /has no parameter "nosuch"; known parameters: ca, db, family, password, /],
      ["redis://h/1?db=2", /two things of its db/],
      ["redis://a:s3cret@h?password=other", /two things of its password/],
      ["redis://h?db=x", /number of a database/],
      ["redis://h?protocol=4", /expects 2 or 3 or resp2 or resp3 as protocol/],
      ["rediss://h?tls=false", /expects redis:\/\/ where tls is false/],
      ["redis://h:99999", /\(port\) expects a number from 1 to 65535, got 99999/],
      ["redis://user:s3cret", /\(port\) expects a number from 1 to 65535$/],
      ["upstash://:s3cret@h?db=2", /has no parameter "db"; known parameters: encoding, retries, timeout/],
      ["cloudflare-kv://:s3cret@a/n?noatomic=allow", /has no parameter "noatomic"/],
      ["memory:?prefix=x", /has no parameter "prefix"; known parameters: none/],
      ["memory:app?maxKeys=1", /has no parameter "maxKeys"/],
    ]) {
      await assert.rejects(connect(url), (error) => {
        assert.equal(error.code, "invalid-argument", url);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
    }
    assert.throws(() => MemoryStore.connect("memory:?prefix=x"), { code: "invalid-argument" });
    for (const [options, message] of [
      [{ port: 99_999 }, "connect (port) expects a number from 1 to 65535, got 99999"],
      [{ db: -1 }, /\(db\) expects a number from 0/],
      [{ tls: { cert: "c" } }, "connect (tls) expects cert and key together"],
      [{ tls: { cA: "c" } }, /has no "cA"/],
      [{ cache: "never" }, /\(cache\) expects "default" or/],
    ]) {
      await assert.rejects(connect("redis://h", options), invalid(message));
    }
    await assert.rejects(connect("upstash://:t@h", { db: 2 }), { code: "unsupported" });
    await assert.rejects(connect("cloudflare-kv://:t@a/n", { host: "h" }), { code: "unsupported" });
  });

  it("are taken by a store in memory too", async () => {
    const options = { host: "h", port: 1, username: "u", password: "p", db: 3, token: "t", tls: true };
    const kv = await connect("memory:", options);
    assert.equal(await kv.set("k", "v"), "OK");
    await kv.flush({ all: true });
    assert.equal(await kv.count(), 0);
  });

  it("may come from variables in a configuration", async () => {
    const { port } = redis;
    const env = { URL: `redis://127.0.0.1:${port}/2\n`, PASSWORD, KEYS: "5" };
    const stores = await createStores(
      {
        url: { url: "${URL}", password: "${PASSWORD}" },
        parts: { url: "redis://${HOST:127.0.0.1}", port: "${PORT}", password: "${PASSWORD}", db: 2 },
        service: {
          type: "kvstore_redis",
          config: { addr: "127.0.0.1:${PORT}", password: "${PASSWORD}", db: 2 },
        },
        memory: { url: "memory:", maxKeys: "${KEYS}" },
      },
      { env: { ...env, PORT: String(port) } },
    );
    await stores.url.set("k", "v");
    assert.equal(await stores.parts.getdel("k"), "v");
    await stores.service.set("k", { a: 1 });
    assert.equal(await stores.url.getdel("k"), '{"a":1}');
    await stores.close();
    await assert.rejects(createStores({ a: { url: "${NOWHERE}" } }, { env: {} }), {
      code: "invalid-argument",
      message: "a: createStores expects the environment to have NOWHERE",
    });
  });
});

describe("memory:// ", () => {
  it("is private, and memory://name is memory:name", async () => {
    const [one, other] = [await connect("memory://"), await connect("memory://")];
    await one.set("k", "v");
    assert.equal(await other.get("k"), null);
    const [named, same] = [await connect("memory://connect-app"), await connect(" memory:connect-app\n")];
    await named.set("k", "v");
    assert.equal(await same.get("k"), "v");
    await Promise.all([named.close(), same.close()]);
  });
});

describe("the option tls", () => {
  let files;
  let redis;
  before(async () => {
    files = certify();
    redis = await redisWithTls(files, "--tls-auth-clients", "yes");
  });
  after(async () => {
    await redis?.close();
    files?.remove();
  });

  it("names certificates, makes redis:// encrypted, and keeps connections of other options apart", async () => {
    const read = (name) => readFileSync(files[name], "utf8");
    const [ca, cert, key] = [read("ca"), read("certificate"), readFileSync(files.key)];
    const url = `redis://localhost:${redis.tlsPort}`;
    const kv = await connect(url, { tls: { ca: [ca], cert, key } });
    assert.equal(await kv.incr("n"), 1);
    const careless = await connect(url, { tls: { rejectUnauthorized: false, cert, key } });
    assert.equal(await careless.incr("n"), 2);
    // The connections that are there are not its own.
    const stranger = await connect(url, { tls: { ca }, retries: 0 });
    await assert.rejects(
      stranger.incr("n"),
      ({ code }) => code === "unavailable" || code === "permission-denied",
    );
    const careful = await connect(url.replace("redis:", "rediss:"), { tls: { cert, key }, retries: 0 });
    await assert.rejects(careful.incr("n"), (error) => {
      assert.equal(error.code, "permission-denied");
      assert.match(error.message, new RegExp(`localhost:${redis.tlsPort}`));
      assert.match(error.cause.code, /CERT|SIGNED/);
      return true;
    });
    await Promise.all([kv, careless, stranger, careful].map((each) => each.close()));
  });
});

describe("open", () => {
  let redis;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis?.close());

  it("gives a store at once, which keeps the order of what it is asked before it is open", async () => {
    const kv = open(`redis://127.0.0.1:${redis.port}`, { prefix: "open", serializer: "json" });
    const below = kv.withPrefix("deep");
    const [set, count, got, deep] = await Promise.all([
      kv.set("n", 1),
      kv.incr("n"),
      kv.get("n"),
      below.set("k", [1]),
    ]);
    assert.deepEqual([set, count, got, deep], ["OK", 2, 2, "OK"]);
    assert.deepEqual((await kv.keys("*")).sort(), ["deep:k", "n"]);
    assert.equal((await kv.capabilities()).atomic, true);
    assert.deepEqual(await kv.multi().incr("n").get("n").exec(), [3, 3]);
    await kv.close();
    await assert.rejects(kv.get("n"), { code: "closed" });
    // It has a handle of its own.
    assert.deepEqual(await below.get("k"), [1]);
    await below.close();
  });

  it("answers why it could not be opened, and tries again", async () => {
    const kv = open("redsi://host");
    for (let round = 0; round < 2; round++)
      await assert.rejects(kv.get("k"), { code: "unsupported", op: "open" });
    await kv.close();
    await assert.rejects(kv.get("k"), { code: "closed" });
    assert.throws(() => open("memory:", { prefx: "a" }), { code: "invalid-argument" });
    assert.throws(() => open(5), { code: "invalid-argument" });
    const unused = open(`redis://127.0.0.1:${await freePort()}`);
    await unused.close();
    assert.equal(await open("memory:").set("k", "v"), "OK");
  });

  it("asks before it empties a server", async () => {
    const kv = open(`redis://127.0.0.1:${redis.port}`);
    await assert.rejects(kv.flush(), { code: "invalid-argument" });
    assert.equal(await kv.flush({ all: true }), "OK");
    await kv.close();
  });
});
