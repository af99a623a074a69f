// Stores over Upstash's REST protocol, request by request: what is sent, when, and how answers are handled. The server
// is a function in place of `fetch`.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { connect, connectFromEnv, KvError } from "omnikv";
import { createGateway } from "omnikv/gateway";

const SECRET = "a-secret-token";

/** A server that records its requests; `answer(request, number)` may override its answer. */
function server(answer) {
  const requests = [];
  const fetch = async (url, init) => {
    const body = JSON.parse(new TextDecoder().decode(init.body));
    const request = { url, body, headers: Object.fromEntries(init.headers), signal: init.signal };
    requests.push(request);
    const own = await answer?.(request, requests.length);
    if (own !== undefined) return own;
    return Response.json(Array.isArray(body[0]) ? body.map(reply) : reply(body));
  };
  const open = (options) => connect(`upstash://:${SECRET}@example.com`, { fetch, ...options });
  return { requests, open, sent: () => requests.map((request) => request.body) };
}

const base64 = (text) => Buffer.from(text).toString("base64");

/** The answers of a server that has every key and counts nothing. */
function reply([word, key]) {
  if (word === "GET") return { result: base64(`the ${key}`) };
  if (word === "PING") return { result: base64("PONG") };
  return { result: word === "INCR" ? 1 : "OK" };
}

const unsent = () => Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
const broken = () => Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });

describe("automatic pipelining", () => {
  it("lets nothing overtake the first call, which detects the server's dialect", async () => {
    const gateway = createGateway("memory:", { token: "token" });
    const fetch = (url, init) => gateway(new Request(url, init));
    const kv = await connect("upstash://:token@localhost", { fetch });
    const begun = [kv.compareAndSet("k", null, "1"), kv.get("k"), kv.append("k", "2"), kv.get("k")];
    assert.deepEqual(await Promise.all(begun), [true, "1", 2, "12"]);
    await kv.close();
  });

  it("sends calls of one tick as one request, in order", async () => {
    const { requests, open, sent } = server();
    const kv = await open();
    const answers = await Promise.all([
      kv.set("a", 1),
      kv.get("a"),
      Promise.resolve().then(() => kv.incr("n")),
      kv.pipeline().get("b").set("c", "d").exec(),
      (async () => {
        for (let index = 0; index < 10; index++) await null;
        return kv.get("late");
      })(),
    ]);
    assert.deepEqual(answers, ["OK", "the a", 1, ["the b", "OK"], "the late"]);
    assert.equal(requests.length, 1);
    assert.equal(requests[0].url, "https://example.com/pipeline");
    const words = sent()[0].map((command) => command.join(" "));
    assert.deepEqual(words.slice(0, 2), ["SET a 1", "GET a"]);
    assert.deepEqual(words.toSorted(), ["GET a", "GET b", "GET late", "INCR n", "SET a 1", "SET c d"]);
    assert(words.indexOf("GET b") + 1 === words.indexOf("SET c d"), "a pipeline stays together");
  });

  it("can be turned off", async () => {
    const { sent, open } = server();
    const kv = await open({ automaticPipelining: false });
    await Promise.all([kv.set("a", 1), kv.get("a")]);
    assert.deepEqual(sent(), [
      ["SET", "a", "1"],
      ["GET", "a"],
    ]);
  });

  it("sends a call after an answer separately", async () => {
    const { sent, open } = server();
    const kv = await open();
    await kv.set("a", 1);
    await kv.get("a");
    assert.equal(sent().length, 2);
  });

  it("keeps a transaction whole", async () => {
    const { requests, open } = server();
    const kv = await open();
    const [, both] = await Promise.all([kv.get("a"), kv.multi().incr("n").get("a").exec()]);
    assert.deepEqual(both, [1, "the a"]);
    const paths = requests.map(({ url }) => new URL(url).pathname);
    assert(paths.includes("/multi-exec"), String(paths));
  });
});

describe("requests", () => {
  it("carry the token, ask for base64 and keep bytes", async () => {
    const { requests, open } = server();
    const kv = await open();
    await kv.get("a");
    const { headers } = requests[0];
    assert.equal(headers.authorization, `Bearer ${SECRET}`);
    assert.equal(headers["upstash-encoding"], "base64");
    const bytes = server(() => Response.json({ result: Buffer.from([0xff, 0]).toString("base64") }));
    assert.deepEqual(await (await bytes.open()).getBytes("a"), new Uint8Array([0xff, 0]));
  });

  it("ask for plain text if configured", async () => {
    const { requests, open } = server(() => Response.json({ result: "plain" }));
    const kv = await open({ responseEncoding: "none" });
    assert.equal(await kv.get("a"), "plain");
    assert.equal(requests[0].headers["upstash-encoding"], undefined);
  });

  it("return the sync token of the last answer", async () => {
    const { requests, open } = server((_, number) =>
      Response.json({ result: "OK" }, { headers: { "upstash-sync-token": `t${number}` } }),
    );
    const kv = await open();
    await kv.set("a", 1);
    await kv.set("a", 2);
    assert.deepEqual(
      requests.map(({ headers }) => headers["upstash-sync-token"]),
      [undefined, "t1"],
    );
  });

  it("go to an https URL with a token in the options", async () => {
    const seen = [];
    const kv = await connect("https://example.com", {
      token: SECRET,
      fetch: (url, init) => {
        seen.push([url, init.headers.get("authorization")]);
        return Promise.resolve(Response.json({ result: "OK" }));
      },
    });
    await kv.set("a", 1);
    assert.deepEqual(seen, [["https://example.com/", `Bearer ${SECRET}`]]);
  });
});

describe("retries", () => {
  it("repeat requests that certainly have not been sent", async () => {
    const { requests, open } = server((_, number) => {
      if (number < 3) throw unsent();
    });
    assert.equal(await (await open()).incr("n"), 1);
    assert.equal(requests.length, 3);
  });

  it("never repeat what must not happen twice", async () => {
    const { requests, open } = server(() => {
      throw broken();
    });
    const kv = await open();
    await assert.rejects(kv.incr("n"), { code: "unavailable", maybeApplied: true, retryable: false });
    assert.equal(requests.length, 1);
  });

  it("repeat what may happen twice, as often as configured", async () => {
    const { requests, open } = server(() => {
      throw broken();
    });
    const kv = await open({ retries: 2 });
    await assert.rejects(kv.get("a"), { code: "unavailable", maybeApplied: false });
    assert.equal(requests.length, 3);
    await assert.rejects((await open({ retries: 0 })).get("a"), { code: "unavailable" });
    assert.equal(requests.length, 4);
  });

  it("wait as long as a rate-limiting server asks", async () => {
    const { requests, open } = server((_, number) =>
      number === 1 ? new Response("{}", { status: 429, headers: { "retry-after": "0" } }) : undefined,
    );
    assert.equal(await (await open()).incr("n"), 1);
    assert.equal(requests.length, 2);
    const strict = server(() => new Response("{}", { status: 429, headers: { "retry-after": "3600" } }));
    await assert.rejects((await strict.open()).get("a"), { code: "rate-limited", retryable: true });
    assert.equal(strict.requests.length, 1);
  });

  it("do not repeat what the server rejects", async () => {
    const { requests, open } = server(() => new Response("{}", { status: 401 }));
    await assert.rejects((await open()).get("a"), { code: "permission-denied" });
    assert.equal(requests.length, 1);
  });
});

describe("a server that does not answer", () => {
  it("times out, with a fetch that obeys its signal and with one that does not", async () => {
    const never = new Promise(() => {});
    for (const answer of [
      () => never,
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ]) {
      const { requests, open } = server(answer);
      const kv = await open({ timeout: "50ms", retries: 0 });
      const error = await kv.set("a", 1).catch((error) => error);
      assert.equal(error.code, "timeout");
      // On a busy machine the timeout may pass before anything is sent: then nothing can have happened.
      assert.equal(error.maybeApplied, requests.length === 1);
      await assert.rejects(kv.get("a"), { code: "timeout", maybeApplied: false });
    }
  });

  it("may be down or unreachable", async () => {
    const closed = createServer();
    await new Promise((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const kv = await connect(`upstash+http://:${SECRET}@127.0.0.1:${port}`, { retries: 0 });
    await assert.rejects(kv.incr("n"), { code: "unavailable", maybeApplied: false, retryable: true });
  });

  it("may answer anything", async () => {
    for (const body of ["", "{", "null", "[]", '"text"', '{"result":{"a":1}}', '[{"result":1}]', "<html>"]) {
      const { open } = server(() => new Response(body));
      const kv = await open({ retries: 0 });
      await assert.rejects(kv.set("a", 1), (error) => error instanceof KvError, body);
      await assert.rejects(kv.pipeline().set("a", 1).get("a").exec(), (error) => error instanceof KvError);
    }
    for (const answer of [null, {}, { status: "200" }, { status: 200, headers: 1, arrayBuffer: () => 1 }]) {
      const { open } = server(() => answer);
      const kv = await open({ retries: 0 });
      await assert.rejects(kv.set("a", 1), (error) => error instanceof KvError);
    }
  });
});

describe("a signal", () => {
  it("aborted before sending prevents it", async () => {
    const { sent, open } = server();
    const kv = await open();
    const end = new AbortController();
    const given = kv.set("a", 1, { signal: end.signal });
    const other = kv.set("b", 2);
    end.abort();
    await assert.rejects(given, { code: "cancelled", op: "set", maybeApplied: false });
    assert.equal(await other, "OK");
    assert.deepEqual(sent(), [["SET", "b", "2"]]);
    await assert.rejects(kv.get("a", { signal: end.signal }), { code: "cancelled" });
    await assert.rejects(kv.pipeline().get("a").exec({ signal: end.signal }), { code: "cancelled" });
    assert.equal(sent().length, 1);
  });

  it("aborted later makes a write maybe-applied, but not a read", async () => {
    const end = new AbortController();
    const { open } = server(() => {
      setImmediate(() => end.abort());
      return new Promise(() => {});
    });
    const kv = await open();
    const { signal } = end;
    const [written, read] = await Promise.allSettled([kv.set("a", 1, { signal }), kv.get("a", { signal })]);
    assert.deepEqual([written.reason.code, written.reason.maybeApplied], ["cancelled", true]);
    assert.deepEqual([read.reason.code, read.reason.maybeApplied], ["cancelled", false]);
  });

  it("of the store cancels running and later calls", async () => {
    const end = new AbortController();
    let aborted = false;
    const { open } = server(({ signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      setImmediate(() => end.abort());
      return new Promise(() => {});
    });
    const kv = await open({ signal: end.signal });
    await assert.rejects(kv.get("a"), { code: "cancelled" });
    assert(aborted, "the request is ended");
    await assert.rejects(kv.get("a"), { code: "cancelled" });
    await assert.rejects(kv.multi().get("a").exec(), { code: "cancelled" });
    await kv.close();
    await assert.rejects(open({ signal: end.signal }), { code: "cancelled", op: "connect" });
  });

  it("applies to a whole batch, and to callers that wait for getOrSet", async () => {
    const { open } = server((request) =>
      request.body[0] === "GET" ? Response.json({ result: null }) : undefined,
    );
    const kv = await open();
    const end = new AbortController();
    await assert.rejects(kv.get("a", { signal: 1 }), { code: "invalid-argument" });
    const [one] = await kv.pipeline().get("a", { signal: end.signal }).exec();
    assert.equal(one.code, "invalid-argument");
    let make;
    const made = new Promise((resolve) => {
      make = resolve;
    });
    const first = kv.getOrSet("k", () => made);
    const second = kv.getOrSet("k", () => made, { signal: end.signal });
    end.abort();
    await assert.rejects(second, { code: "cancelled" });
    make("value");
    await first.catch((error) => assert.fail(error));
  });
});

describe("a remote store", () => {
  it("fails with closed once closed, and finishes earlier calls", async () => {
    const { open } = server();
    const kv = await open();
    const users = kv.withPrefix("users");
    const begun = kv.get("a");
    await kv.close();
    assert.equal(await begun, "the a");
    await assert.rejects(kv.get("a"), { code: "closed" });
    await assert.rejects(kv.stats(), { code: "closed" });
    await assert.rejects(kv.withPrefix("x").get("a"), { code: "closed" });
    await kv.close();
    assert.equal(await users.get("1"), "the users:1");
  });

  it("is only emptied entirely on request", async () => {
    const { open, sent } = server();
    const kv = await open();
    await assert.rejects(kv.flush(), { code: "invalid-argument", op: "flush" });
    const [refused] = await kv.pipeline().flush().exec();
    assert.equal(refused.code, "invalid-argument");
    assert.equal(sent().length, 0);
  });

  it("rejects options that only memory stores have, and confuses none", async () => {
    const { open } = server();
    for (const options of [{ maxKeys: 1 }, { maxBytes: 1 }, { eviction: "allkeys-lru" }]) {
      await assert.rejects(open(options), { code: "unsupported", op: "connect" });
    }
    for (const options of [
      { retries: -1 },
      { timeout: 0 },
      { timeout: "soon" },
      { fetch: 1 },
      { signal: {} },
      { responseEncoding: "utf8" },
      { automaticPipelining: 1 },
      { token: 5 },
      { tokn: SECRET },
    ]) {
      await assert.rejects(open(options), { code: "invalid-argument", op: "connect" });
    }
    const memory = await connect("memory:", { token: SECRET, retries: 1, timeout: "1s" });
    assert.equal(await memory.set("a", 1), "OK");
  });

  it("never shows its token", async () => {
    const shown = [];
    const answers = [
      () => new Response("{}", { status: 401 }),
      () => Promise.reject(new Error(SECRET)),
      () => Response.json({ error: "ERR no" }),
    ];
    for (const answer of answers) {
      const kv = await server(answer).open({ retries: 0 });
      shown.push(await kv.get("a").catch((error) => error), kv);
    }
    for (const url of [`upstahs://:${SECRET}@h`, `upstash://:${SECRET}@h:port`, `redis://:${SECRET}@[`]) {
      shown.push(
        await connect(url)
          .then((kv) => kv.get("a"))
          .catch((error) => error),
      );
    }
    shown.push(
      await connect("https://h", { token: `${SECRET}\n` })
        .then((kv) => kv.get("a"))
        .catch((e) => e),
    );
    const { inspect } = await import("node:util");
    for (const each of shown) {
      assert(!inspect(each, { depth: 20, showHidden: true }).includes(SECRET), inspect(each));
      assert(!JSON.stringify(each).includes(SECRET));
    }
  });
});

describe("connectFromEnv", () => {
  it("finds a store in the given environment, or in the process's", async () => {
    const seen = [];
    const fetch = async (url, init) => {
      seen.push([url, init.headers.get("authorization")]);
      return Response.json({ result: "OK" });
    };
    const set = async (env) => (await connectFromEnv({ env, fetch })).set("a", 1);
    await set({ UPSTASH_REDIS_REST_URL: "https://up.example", UPSTASH_REDIS_REST_TOKEN: "up" });
    await set({
      OMNIKV_URL: "https://own.example",
      OMNIKV_TOKEN: "own",
      UPSTASH_REDIS_REST_URL: "https://up",
    });
    await set({ KV_REST_API_URL: "https://kv.example", KV_REST_API_TOKEN: "kv" });
    process.env.OMNIKV_URL = "upstash://:env@env.example";
    try {
      await set(undefined);
    } finally {
      delete process.env.OMNIKV_URL;
    }
    assert.deepEqual(seen, [
      ["https://up.example/", "Bearer up"],
      ["https://own.example/", "Bearer own"],
      ["https://kv.example/", "Bearer kv"],
      ["https://env.example/", "Bearer env"],
    ]);
    const memory = await connectFromEnv({ env: { OMNIKV_URL: "memory:" }, prefix: "p" });
    assert.equal(await memory.set("a", 1), "OK");
  });

  it("names the variables if none is set", async () => {
    await assert.rejects(connectFromEnv({ env: {} }), { code: "invalid-argument", message: /OMNIKV_URL/ });
    await assert.rejects(connectFromEnv({ env: { UPSTASH_REDIS_REST_URL: "https://x" } }), {
      code: "invalid-argument",
      message: /UPSTASH_REDIS_REST_TOKEN/,
    });
  });
});
