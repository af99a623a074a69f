// The libraries that are measured, and how each implements a row. An operation is a piece of source code, so that each
// library's loop is compiled separately: a shared loop would slow the fast ones down. `s` is the store, `k` a key, `v`
// a value, `i` the round's number. A library omits what it cannot do.

import { createCache } from "cache-manager";
import RedisMock from "ioredis-mock";
import Keyv from "keyv";
import { LRUCache } from "lru-cache";
import NodeCache from "node-cache";
import { connect, MemoryStore } from "omnikv";
import { createStorage } from "unstorage";

const HOUR = 3_600_000;

/** Libraries in the order of the table's columns. Ours is first; the others are compared with it. */
export const peers = [
  {
    name: "omnikv sync",
    open: () => new MemoryStore(),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: "s.set(k, v, { ttl: 3600 })",
    incr: "s.incr(k)",
    mget: "s.mget(ks)",
    range: "s.range(p)",
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(s.get(k))",
    clear: (s) => s.flush(),
    expireIn: (s, k, v, ms) => s.set(k, v, { ttlMs: ms }),
    // Each command sweeps a limited number of expired entries, while counting keys looks at all of them.
    purge: (s) => {
      while (s.stats().bytes > 0) for (let i = 0; i < 2_000; i++) s.exists("nobody");
    },
  },
  {
    name: "omnikv async",
    async: true,
    open: () => connect("memory:"),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: "s.set(k, v, { ttl: 3600 })",
    incr: "s.incr(k)",
    mget: "s.mget(ks)",
    range: "s.range(p)",
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(await s.get(k))",
    clear: (s) => s.flush(),
  },
  {
    name: "Map",
    open: () => new Map(),
    get: "s.get(k)",
    set: "s.set(k, v)",
    incr: "s.set(k, (s.get(k) ?? 0) + 1)",
    mget: "ks.map((key) => s.get(key))",
    range: "[...s].filter(([key]) => key.startsWith(p)).sort()",
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(s.get(k))",
    clear: (s) => s.clear(),
  },
  {
    name: "lru-cache (ttl)",
    open: () => new LRUCache({ max: 2_000_000, ttl: HOUR }),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: `s.set(k, v, { ttl: ${HOUR} })`,
    incr: "s.set(k, (s.get(k) ?? 0) + 1)",
    mget: "ks.map((key) => s.get(key))",
    range: "[...s.entries()].filter(([key]) => key.startsWith(p)).sort()",
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(s.get(k))",
    clear: (s) => s.clear(),
    expireIn: (s, k, v, ms) => s.set(k, v, { ttl: ms }),
    purge: (s) => s.purgeStale(),
  },
  {
    name: "node-cache",
    open: () => new NodeCache({ useClones: false, checkperiod: 0 }),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: "s.set(k, v, 3600)",
    incr: "s.set(k, (s.get(k) ?? 0) + 1)",
    mget: "s.mget(ks)",
    range: "s.keys().filter((key) => key.startsWith(p)).sort().map((key) => [key, s.get(key)])",
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(s.get(k))",
    clear: (s) => s.flushAll(),
    expireIn: (s, k, v, ms) => s.set(k, v, ms / 1000),
    purge: (s, keys) => {
      for (const key of keys) s.get(key);
    },
  },
  {
    name: "unstorage",
    async: true,
    open: () => createStorage(),
    get: "s.getItem(k)",
    set: "s.setItem(k, v)",
    incr: "s.setItem(k, Number((await s.getItem(k)) ?? 0) + 1)",
    mget: "s.getItems(ks)",
    range: "s.getItems((await s.getKeys(p)).sort())",
    setJson: "s.setItem(k, o)",
    getJson: "s.getItem(k)",
    clear: (s) => s.clear(),
  },
  {
    name: "keyv",
    async: true,
    open: () => new Keyv(),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: `s.set(k, v, ${HOUR})`,
    incr: "s.set(k, ((await s.get(k)) ?? 0) + 1)",
    mget: "s.get(ks)",
    setJson: "s.set(k, o)",
    getJson: "s.get(k)",
    clear: (s) => s.clear(),
    expireIn: (s, k, v, ms) => s.set(k, v, ms),
    purge: async (s, keys) => {
      for (const key of keys) await s.get(key);
    },
  },
  {
    name: "cache-manager",
    async: true,
    open: () => createCache(),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: `s.set(k, v, ${HOUR})`,
    incr: "s.set(k, ((await s.get(k)) ?? 0) + 1)",
    mget: "s.mget(ks)",
    setJson: "s.set(k, o)",
    getJson: "s.get(k)",
    clear: (s) => s.clear(),
    expireIn: (s, k, v, ms) => s.set(k, v, ms),
    purge: async (s, keys) => {
      for (const key of keys) await s.get(key);
    },
  },
  {
    name: "ioredis-mock",
    async: true,
    open: () => new RedisMock(),
    get: "s.get(k)",
    set: "s.set(k, v)",
    setTtl: 's.set(k, v, "EX", 3600)',
    incr: "s.incr(k)",
    mget: "s.mget(ks)",
    range: 's.mget((await s.keys(p + "*")).sort())',
    setJson: "s.set(k, JSON.stringify(o))",
    getJson: "JSON.parse(await s.get(k))",
    clear: (s) => s.flushall(),
    expireIn: (s, k, v, ms) => s.set(k, v, "PX", ms),
    purge: async (s, keys) => {
      for (const key of keys) await s.get(key);
    },
  },
];
