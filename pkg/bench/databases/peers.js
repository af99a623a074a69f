// The libraries that are measured on SQLite files, and how each does a row. Each has a file of its own in a folder. A
// library omits what it cannot do.

import { join } from "node:path";
import KeyvSqlite from "@keyv/sqlite";
import betterSqlite3 from "db0/connectors/better-sqlite3";
import { createDatabase } from "db0";
import Keyv from "keyv";
import { connect } from "omnikv";
import { createStorage } from "unstorage";
import db0 from "unstorage/drivers/db0";

const HOUR = 3_600_000;

const omnikv = (name, query) => ({
  name,
  open: (folder) => connect(`sqlite:${join(folder, `${query.length}.db`)}${query}`),
  get: (store, key) => store.get(key),
  set: (store, key, value) => store.set(key, value),
  setTtl: (store, key, value) => store.set(key, value, { ttl: 3600 }),
  mget: (store, keys) => store.mget(keys),
  incr: (store, key) => store.incr(key),
  close: (store) => store.close(),
});

const keyv = (name, options) => ({
  name,
  open: (folder) =>
    new Keyv({ store: new KeyvSqlite({ uri: `sqlite://${join(folder, `${name}.db`)}`, ...options }) }),
  get: (store, key) => store.get(key),
  set: (store, key, value) => store.set(key, value),
  setTtl: (store, key, value) => store.set(key, value, HOUR),
  mget: (store, keys) => store.get(keys),
  close: (store) => store.disconnect(),
});

/** Libraries in the order of the table's columns; the others are compared with the first. */
export const peers = [
  omnikv("omnikv", ""),
  omnikv("omnikv (synchronous=full)", "?synchronous=full"),
  keyv("keyv", {}),
  keyv("keyv (wal)", { wal: true }),
  {
    name: "unstorage",
    open: (folder) =>
      createStorage({
        driver: db0({ database: createDatabase(betterSqlite3({ path: join(folder, "unstorage.db") })) }),
      }),
    get: (store, key) => store.getItem(key),
    set: (store, key, value) => store.setItem(key, value),
    mget: (store, keys) => store.getItems(keys),
    close: (store) => store.dispose(),
  },
];
