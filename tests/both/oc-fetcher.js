// The examples of the OC Fetcher seed about the global store, values, patterns and lifetimes.

import { connect, MemoryStore } from "omnikv";
import { configureGlobalStore, del, exists, get, getGlobalStore, put, rangeGet } from "omnikv/global";
import { structured } from "omnikv/structured";
import { assert, clock, fails, isUnreachable, nowhere } from "./support.js";

const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Runs a test on a global store with the default configuration, but with the test's clock. */
const withClock = (test) => async () => {
  const time = clock();
  await configureGlobalStore("memory", { defaultTtl: 3600, clock: time.read });
  try {
    await test(time);
  } finally {
    await configureGlobalStore();
  }
};

export const ocFetcher = {
  "oc-fetcher: Basic Usage": withClock(async () => {
    await put("user:123", { name: "John Doe", email: "john@example.com" });
    assert.deepEqual(await get("user:123"), { name: "John Doe", email: "john@example.com" });
    assert.isTrue(await exists("user:123"));
    await del("user:123");
    assert.isFalse(await exists("user:123"));
  }),

  "oc-fetcher: Range Operations": withClock(async () => {
    for (let index = 0; index < 10; index++) await put(`item:${index}`, `value_${index}`);
    const item = (index) => [`item:${index}`, `value_${index}`];
    assert.deepEqual(await rangeGet("item:3", "item:7"), [3, 4, 5, 6].map(item));
    assert.lengthOf(await rangeGet("item:"), 10);
    assert.deepEqual(await rangeGet("item:", undefined, { limit: 5 }), [0, 1, 2, 3, 4].map(item));
  }),

  "oc-fetcher: In-Memory Store with a serializer and a default TTL": async () => {
    const store = await connect("memory:", { serializer: "json", defaultTtl: 3600 });
    await store.put("key", "value");
    assert.equal(await store.get("key"), "value");
    assert.equal(await store.ttl("key"), 3600);
    assert.deepEqual(await store.rangeGet("k"), [["key", "value"]]);
    await store.close();
    const sync = new MemoryStore({ serializer: "json" });
    assert.equal(sync.put("key", ["value"], { ttl: "2h" }), "OK");
    assert.deepEqual(sync.rangeGet("key", undefined, { limit: 1 }), [["key", ["value"]]]);
  },

  "oc-fetcher: Time-to-Live in seconds, as a duration, or the default": withClock(async ({ advance }) => {
    await put("temp_data", "value", { ttl: 300 });
    await put("session_data", "value", { ttl: "2h" });
    await put("default_data", "value");
    await put("permanent_data", "value", { ttl: 0 });
    advance(300);
    assert.isFalse(await exists("temp_data"));
    advance(3300);
    assert.isFalse(await exists("default_data"));
    assert.isTrue(await exists("session_data"));
    advance(3600);
    assert.isFalse(await exists("session_data"));
    assert.isTrue(await exists("permanent_data"));
  }),

  "oc-fetcher: Serialization Options: JSON, and more than JSON": async () => {
    await configureGlobalStore({ type: "memory", serializer: "json" });
    const simple = { list: [1, 2], text: "x" };
    await put("simple", simple);
    assert.deepEqual(await get("simple"), simple);
    await configureGlobalStore({ type: "memory", serializer: structured });
    const complex = { datetime: new Date(0), set_data: new Set([1, 2, 3]) };
    await put("complex_data", complex);
    assert.deepEqual(await get("complex_data"), complex);
    await fails(() => put("complex_data", { function: (x) => x * 2 }), "invalid-argument");
    await configureGlobalStore();
  },

  "oc-fetcher: Context Manager Usage": async () => {
    const store = await connect("memory:", { serializer: "json" });
    try {
      await store.put("key", "value");
      assert.equal(await store.get("key"), "value");
    } finally {
      // Like `await using store = ...`.
      await store[asyncDispose]();
    }
    await fails(() => store.get("key"), "closed");
  },

  "oc-fetcher: Direct Store Access and Get Store Statistics": withClock(async () => {
    const store = await getGlobalStore();
    await store.put("key", "value");
    assert.equal(await store.get("key"), "value");
    await store.put("permanent", "value", { ttl: null });
    const stats = await store.stats();
    assert.equal(stats.keys, 2);
    assert.equal(stats.expiringKeys, 1);
  }),

  "oc-fetcher: Frontier Provider Caching": withClock(async ({ advance }) => {
    const base = "https://example.com";
    const provider = {
      async nextUrls() {
        const store = await getGlobalStore();
        if (await store.exists(`processed:${base}`)) return [];
        await store.put(`processed:${base}`, true, { ttl: 3600 });
        return [{ url: `${base}/page1` }];
      },
      async handleUrlProcessed(request, bundles) {
        const store = await getGlobalStore();
        const result = {
          url: request.url,
          bundle_count: bundles.length,
          timestamp: new Date(0).toISOString(),
        };
        await store.put(`result:${request.url}`, result, { ttl: "24h" });
      },
    };
    assert.deepEqual(await provider.nextUrls(), [{ url: `${base}/page1` }]);
    assert.deepEqual(await provider.nextUrls(), []);
    await provider.handleUrlProcessed({ url: `${base}/page1` }, ["a", "b"]);
    advance(3600);
    assert.deepEqual(await provider.nextUrls(), [{ url: `${base}/page1` }]);
    assert.equal((await get(`result:${base}/page1`)).bundle_count, 2);
  }),

  "oc-fetcher: API Response Caching, written out and as one call": withClock(async ({ advance }) => {
    let calls = 0;
    const makeApiCall = async (url) => ({ url, call: ++calls });
    const cachedApiCall = async (url, ttl = 300) => {
      const key = `api_response:${url}`;
      if (await exists(key)) return get(key);
      const response = await makeApiCall(url);
      await put(key, response, { ttl });
      return response;
    };
    assert.equal((await cachedApiCall("/users")).call, 1);
    assert.equal((await cachedApiCall("/users")).call, 1);
    advance(300);
    assert.equal((await cachedApiCall("/users")).call, 2);
    const store = await getGlobalStore();
    const once = (url) => store.getOrSet(`api_once:${url}`, () => makeApiCall(url), { ttl: 300 });
    const answers = await Promise.all([once("/posts"), once("/posts")]);
    assert.deepEqual(
      answers.map(({ call }) => call),
      [3, 3],
    );
  }),

  "oc-fetcher: Session Management": withClock(async ({ advance }) => {
    const createSession = async (user, data) => {
      const id = Array.from(globalThis.crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16),
      ).join("");
      const session = { user_id: user, data, created_at: new Date(0).toISOString() };
      await put(`session:${id}`, session, { ttl: "24h" });
      return id;
    };
    const getSession = (id) => get(`session:${id}`);
    const id = await createSession("u1", { theme: "dark" });
    assert.deepEqual((await getSession(id)).data, { theme: "dark" });
    await del(`session:${id}`);
    assert.isNull(await getSession(id));
    const late = await createSession("u1", {});
    advance(24 * 3600);
    assert.isNull(await getSession(late));
  }),

  "oc-fetcher: Batch Processing State, with no update lost": withClock(async () => {
    const track = (batch, total) =>
      put(`batch_progress:${batch}`, {
        total_items: total,
        processed_items: 0,
        failed_items: 0,
        started_at: new Date(0).toISOString(),
      });
    const store = await getGlobalStore();
    const progressed = (batch, processed = 1, failed = 0) =>
      store.update(`batch_progress:${batch}`, (progress) =>
        progress === null
          ? undefined
          : {
              ...progress,
              processed_items: progress.processed_items + processed,
              failed_items: progress.failed_items + failed,
            },
      );
    await track("a", 100);
    await track("b", 5);
    await Promise.all([...Array.from({ length: 20 }, () => progressed("a")), progressed("a", 0, 1)]);
    assert.isNull(await progressed("none"));
    const all = await rangeGet("batch_progress:");
    assert.deepEqual(
      all.map(([key, { processed_items, failed_items }]) => [key, processed_items, failed_items]),
      [
        ["batch_progress:a", 20, 1],
        ["batch_progress:b", 0, 0],
      ],
    );
  }),

  "oc-fetcher: Error Handling: safe_get": withClock(async () => {
    const safeGet = async (key, fallback = null) => {
      try {
        const store = await getGlobalStore();
        return await store.get(key, { default: fallback });
      } catch {
        return fallback;
      }
    };
    assert.deepEqual(await safeGet("user:123", { name: "Unknown" }), { name: "Unknown" });
    await put("user:123", { name: "Alice" });
    assert.deepEqual(await safeGet("user:123", { name: "Unknown" }), { name: "Alice" });
    await (await getGlobalStore()).rpush("list", 1);
    assert.deepEqual(await safeGet("list", "fallback"), "fallback");
  }),

  "oc-fetcher: Switching Between Stores and Data Migration": async () => {
    await configureGlobalStore("memory", { prefix: "app" });
    await put("key", { a: 1 }, { ttl: 0 });
    await put("soon", 1, { ttl: 60 });
    const next = await connect("memory:production", { prefix: "app", serializer: "json" });
    assert.equal(await next.load((await getGlobalStore()).entries()), 2);
    await configureGlobalStore("memory:production", { prefix: "app" });
    await next.close();
    assert.deepEqual(await get("key"), { a: 1 });
    assert.isAtMost(await (await getGlobalStore()).ttl("soon"), 60);
    await configureGlobalStore();
  },

  "oc-fetcher: Connection Errors (Redis) are reported": async () => {
    await isUnreachable(async () => {
      await configureGlobalStore("redis", nowhere);
      await get("key");
    });
    await configureGlobalStore();
  },

  "oc-fetcher: Serialization Errors: a fallback to JSON-safe data": withClock(async () => {
    const data = { id: 1, big: 10n };
    const safe = (_name, value) => (typeof value === "bigint" ? String(value) : value);
    await put("key", data).catch(() => put("key", JSON.parse(JSON.stringify(data, safe))));
    assert.deepEqual(await get("key"), { id: 1, big: "10" });
  }),

  "oc-fetcher: TTL Issues: a key expires": withClock(async ({ advance }) => {
    await put("test", "value", { ttl: 1 });
    assert.isTrue(await exists("test"));
    advance(2);
    assert.isFalse(await exists("test"));
  }),
};
