// Several stores from one configuration.

import { createMemoryStores, createStores } from "omnikv";
import { structured } from "omnikv/structured";
import { assert, fails, isUnreachable } from "./support.js";

const dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

export const namedStores = {
  "are opened by URL, each with its own options, and closed together": async () => {
    const stores = await createStores({
      user_cache: { url: "memory:named", prefix: "users", serializer: "json" },
      session_cache: { url: "memory:named", prefix: "sessions", defaultTtl: "24h" },
      other: { url: "memory:", serializer: structured },
    });
    assert.deepEqual(Object.keys(stores), ["user_cache", "session_cache", "other"]);
    await stores.user_cache.set("1", { name: "Alice" });
    await stores.session_cache.set("1", "Alice");
    assert.equal(await stores.session_cache.ttl("1"), 86_400);
    assert.deepEqual(await stores.user_cache.keys("*"), ["1"]);
    await stores.other.set("m", new Map());
    await stores.close();
    await fails(() => stores.user_cache.get("1"), "closed");
    await fails(() => stores.other.get("1"), "closed");
    const again = await createStores({ one: { url: "memory:named" } });
    assert.deepEqual(await again.one.keys("*"), [], "the last handle took the entries along");
    await again[asyncDispose]();
    await fails(() => again.one.get("1"), "closed");
  },

  "can be synchronous": async () => {
    const stores = createMemoryStores({
      users: { url: "memory:at-once", prefix: "users", serializer: "json" },
      sessions: { url: "memory:at-once", prefix: "sessions", defaultTtl: "24h" },
      limits: { url: "memory:", maxKeys: 1, eviction: "allkeys-lru" },
      service: { type: "kvstore_memory", config: { prefix: "${APP_NAME:myapp}" } },
    });
    assert.deepEqual(Object.keys(stores), ["users", "sessions", "limits", "service"]);
    stores.users.set("1", { name: "Alice" });
    stores.sessions.set("1", "Alice");
    stores.service.set("1", [1]);
    assert.deepEqual(stores.users.get("1"), { name: "Alice" });
    assert.deepEqual(stores.service.get("1"), [1]);
    assert.equal(stores.sessions.ttl("1"), 86_400);
    assert.deepEqual(stores.users.keys("*"), ["1"]);
    stores.limits.mset({ a: "1" });
    stores.limits.mset({ b: "2" });
    assert.deepEqual(stores.limits.range(""), [["b", "2"]]);
    stores.close();
    await fails(() => stores.users.get("1"), "closed");
    await fails(() => stores.service.get("1"), "closed");

    const again = createMemoryStores({ one: { url: "memory:at-once" } });
    assert.deepEqual(again.one.keys("*"), [], "the last handle took the entries along");
    again[dispose]();
    await fails(() => again.one.get("1"), "closed");
  },

  "that are synchronous are opened all or none": async () => {
    const fine = { url: "memory:half-at-once" };
    const redis = { type: "kvstore_redis", config: { addr: "r:1", password: "secret" } };
    for (const [config, expected] of [
      [
        { fine, redis },
        { code: "unsupported", message: "redis: Unsupported KVS URL: redis://r:1" },
      ],
      [
        { fine, odd: { url: "memory:", prefx: "a" } },
        { message: /^odd: connect \(options\) has no "prefx"/ },
      ],
      [{ fine, odd: "memory:" }, { message: /^odd: createMemoryStores expects an object, got string/ }],
      [{ fine, close: fine }, "invalid-argument"],
      ["memory:", "invalid-argument"],
    ]) {
      await fails(() => createMemoryStores(config), expected);
    }
    // An open handle would keep the store with its unlimited number of keys.
    createMemoryStores({ fine: { ...fine, maxKeys: 5 } }).close();
  },

  "are opened all or none": async () => {
    const config = {
      fine: { url: "memory:half" },
      broken: { url: "rediz://:secret@host:6379/1" },
    };
    await fails(() => createStores(config), {
      code: "unsupported",
      message: /^broken: Unsupported KVS URL: rediz:\/\/host:6379\/1: did you mean redis:/,
    });
    await fails(() => createStores({ fine: { url: "memory:half" }, odd: { url: "memory:", prefx: "a" } }), {
      code: "invalid-argument",
      message: /^odd: connect \(options\) has no "prefx"/,
    });
    await fails(() => createStores({ close: { url: "memory:" } }), "invalid-argument");
    await fails(() => createStores({ a: "memory:" }), {
      message: /^a: createStores expects an object, got string/,
    });
    await fails(() => createStores("memory:"), "invalid-argument");
  },

  "can be services of a configuration file": async () => {
    const services = {
      cache: { type: "kvstore_memory", config: { prefix: "${APP_NAME:myapp}" } },
    };
    const stores = await createStores(services, { env: {} });
    await stores.cache.set("user:123", { ID: 123 });
    assert.deepEqual(await stores.cache.get("user:123"), { ID: 123 });
    assert.deepEqual(await stores.cache.keys("user:*"), ["user:123"]);
    await stores.close();
    const limited = await createStores(
      {
        empty: { type: "kvstore_memory", config: null },
        small: { type: "kvstore_memory", config: { maxKeys: "${MAX:1}", defaultTtl: "1.5", prefix: "7" } },
        text: { type: "kvstore_memory", config: { serializer: "text" } },
      },
      { env: {} },
    );
    await limited.empty.set("k", [1]);
    await limited.small.set("k", 1);
    assert.isAbove(await limited.small.pttl("k"), 1);
    await fails(() => limited.small.set("l", 1), "out-of-memory");
    await limited.text.set("k", "v");
    assert.equal(await limited.text.get("k"), "v");
    await fails(() => limited.text.set("k", {}), "invalid-argument");
    await limited.close();
    const redis = (config, env = {}) =>
      createStores({ cache: { type: "kvstore_redis", config: { retries: 0, ...config } } }, { env });
    for (const [config, env] of [
      [{ addr: "127.0.0.1:1", db: 1, prefix: "sessions" }, {}],
      [{ addr: "${REDIS_ADDR:127.0.0.1:1}", pool_size: 20 }, {}],
      [
        { addr: "${REDIS_ADDR:localhost:6379}", db: "${DB}" },
        { REDIS_ADDR: "127.0.0.1:1", DB: "3" },
      ],
      [{ addr: "[::1]:1", password: "${PASS}" }, { PASS: "123" }],
      [{ addr: "127.0.0.1:1", timeout: 60 }],
    ]) {
      await isUnreachable(async () => {
        const { cache } = await redis(config, env);
        await cache.get("k");
      });
    }
    await fails(() => redis({ password: "${REDIS_PASSWORD}" }), {
      code: "invalid-argument",
      message: "cache: createStores expects the environment to have REDIS_PASSWORD",
    });
    await fails(() => redis({ db: "first" }), "invalid-argument");
    await fails(() => createStores({ a: { type: "dbpool_pg" } }), {
      message: /^a: createStores \(type\) expects/,
    });
  },
};
