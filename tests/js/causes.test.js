// Why a call failed: the platform's own error behind ours, the reason of a signal, and the line that called.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { connect, MemoryStore } from "omnikv";
import { freePort, startRedis } from "./redis-server.js";
import { silentServer } from "./silent-server.js";
import { gatewayOverMemory } from "./gateway.js";

const NEVER = { retries: 0 };

describe("a server that cannot be reached", () => {
  it("is named with the platform's error as the cause", async () => {
    const port = await freePort();
    for (const [url, place, code] of [
      [`redis://127.0.0.1:${port}`, `127.0.0.1:${port}`, "ECONNREFUSED"],
      [`redis://no.such.host.invalid:${port}`, `no.such.host.invalid:${port}`, /ENOTFOUND|EAI_AGAIN/],
      [`upstash+http://:t@127.0.0.1:${port}`, `127.0.0.1:${port}`, "ECONNREFUSED"],
      ["upstash+http://:t@no.such.host.invalid", "no.such.host.invalid:80", /ENOTFOUND|EAI_AGAIN/],
    ]) {
      const kv = await connect(url, NEVER);
      await assert.rejects(kv.get("k"), (error) => {
        assert.equal(error.code, "unavailable");
        assert.ok(error.message.includes(place), error.message);
        assert.match(error.cause.code, new RegExp(code));
        return true;
      });
      // Each caller has it, also within a batch.
      const both = await Promise.allSettled([kv.get("k"), kv.pipeline().get("k").exec()]);
      for (const { reason } of both) assert.match(reason.cause.code, new RegExp(code));
      await kv.close();
    }
  });

  it("is named by a call that has waited for it in vain", async () => {
    const port = await freePort();
    const kv = await connect(`redis://127.0.0.1:${port}`, { retries: 1_000_000, timeout: "300ms" });
    await assert.rejects(kv.get("k"), { code: "timeout", message: new RegExp(`127.0.0.1:${port}`) });
    await assert.rejects(kv.get("k"), ({ cause }) => cause.code === "ECONNREFUSED");
    await kv.close();
  });

  it("is named when it breaks the connection off", async () => {
    const server = createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    for (const url of [`redis://127.0.0.1:${port}`, `upstash+http://:t@127.0.0.1:${port}`]) {
      const kv = await connect(url, NEVER);
      await assert.rejects(kv.get("k"), (error) => {
        assert.ok(error.message.includes(`127.0.0.1:${port}`), error.message);
        assert.ok(error.cause instanceof Error, url);
        return true;
      });
      await kv.close();
    }
    server.close();
  });

  it("is named when it says nothing", async () => {
    const server = await silentServer();
    const kv = await connect(`redis://${server.authority}`, { ...NEVER, timeout: "200ms" });
    await assert.rejects(kv.get("k"), ({ message }) => message.includes(server.authority));
    await kv.close();
    await server.close();
  });
});

describe("a signal", () => {
  it("leaves its reason as the cause, and a timeout is none", async () => {
    const server = await silentServer();
    const urls = [`redis://${server.authority}`, `upstash+http://:t@${server.authority}`, "memory:"];
    for (const url of urls) {
      const [whole, reason] = [new AbortController(), new Error("no longer wanted")];
      const kv = await connect(url, { timeout: "200ms", retries: 0, signal: whole.signal });
      const end = new AbortController();
      if (url !== "memory:") {
        await assert.rejects(kv.get("k"), ({ code, cause }) => code !== "cancelled" && cause !== reason);
        const got = assert.rejects(kv.get("k", { signal: end.signal }), { code: "cancelled", cause: reason });
        end.abort(reason);
        await got;
      }
      const gone = AbortSignal.abort(reason);
      await assert.rejects(kv.get("k", { signal: gone }), { code: "cancelled", cause: reason });
      whole.abort(reason);
      await assert.rejects(kv.get("k"), { code: "cancelled", cause: reason });
      await kv.close();
    }
    await server.close();
  });
});

describe("the stack of an error", () => {
  let redis;
  let gateway;
  before(async () => {
    redis = await startRedis();
    gateway = await gatewayOverMemory();
  });
  after(async () => {
    await redis?.close();
    await gateway?.close();
  });

  it("has the caller's line, wherever the store is", async () => {
    const stores = [
      await connect("memory:"),
      await connect(`redis://127.0.0.1:${redis.port}`),
      await connect(gateway.url),
    ];
    const calls = {
      aCommand: (kv) => kv.incr("text"),
      aWrongArgument: (kv) => kv.set("", "x"),
      aWrongType: (kv) => kv.lpush("text", "x"),
      aTransaction: (kv) => kv.multi().check("text", "other").incr("n").exec(),
      aPattern: (kv) => kv.update("list", () => "x"),
    };
    for (const kv of stores) {
      await kv.set("text", "x");
      await kv.del("list");
      await kv.rpush("list", "a");
      for (const [name, call] of Object.entries(calls)) {
        const caller = {
          async [name]() {
            await call(kv);
          },
        };
        await assert.rejects(caller[name](), ({ stack }) => {
          assert.match(stack, new RegExp(`${name} .*causes\\.test\\.js|${name}.*causes\\.test\\.js`), stack);
          return true;
        });
      }
      await kv.close();
    }
  });

  it("has the caller's line in a synchronous store", () => {
    const kv = new MemoryStore();
    kv.set("text", "x");
    const theCaller = (call) => call();
    for (const call of [
      () => kv.incr("text"),
      () => kv.get(5),
      () => kv.lpush("text", "x"),
      () => kv.range(1),
    ]) {
      assert.throws(
        () => theCaller(call),
        ({ stack }) => /theCaller .*causes\.test\.js/.test(stack),
      );
    }
  });
});
