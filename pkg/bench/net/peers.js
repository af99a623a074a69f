// The clients that are measured, and how each implements a row. How they are measured does not matter here.

import { Redis as Upstash } from "@upstash/redis";
import { Redis as IoRedis } from "ioredis";
import { connect } from "omnikv";
import { createClient } from "redis";
import { TOKEN } from "./servers.js";

const simple = {
  get: (s, key) => s.get(key),
  set: (s, key, value) => s.set(key, value),
  incr: (s, key) => s.incr(key),
};

/** Chained calls look alike for our client, Upstash's and ioredis. */
const chained = {
  ...simple,
  pipeline: (s, keys) => {
    const batch = s.pipeline();
    for (const key of keys) batch.get(key);
    return batch.exec();
  },
  mget: (s, keys) => s.mget(keys),
};

/** Clients of Upstash's REST protocol. Ours is first; the others are compared with it. */
export const overRest = [
  {
    name: "omnikv",
    open: (url) => connect(url, { token: TOKEN }),
    close: (s) => s.close(),
    ...chained,
  },
  {
    name: "@upstash/redis",
    open: (url) => new Upstash({ url, token: TOKEN, enableTelemetry: false }),
    close: () => {},
    ...chained,
  },
];

/** Clients of Redis over TCP. Ours is first. */
export const overTcp = [
  {
    name: "omnikv",
    open: (port) => connect(`redis://127.0.0.1:${port}`),
    close: (s) => s.close(),
    ...chained,
  },
  {
    name: "ioredis",
    open: (port) => new IoRedis({ host: "127.0.0.1", port }),
    close: (s) => s.quit(),
    ...chained,
  },
  {
    name: "ioredis, pipelining",
    open: (port) => new IoRedis({ host: "127.0.0.1", port, enableAutoPipelining: true }),
    close: (s) => s.quit(),
    ...chained,
  },
  {
    name: "redis",
    open: (port) => createClient({ socket: { host: "127.0.0.1", port } }).connect(),
    close: (s) => s.close(),
    ...simple,
    pipeline: (s, keys) => {
      const batch = s.multi();
      for (const key of keys) batch.get(key);
      return batch.execAsPipeline();
    },
    mget: (s, keys) => s.mGet(keys),
  },
];
