// Workers have no files, but their runtime may have an empty `node:sqlite`.

import type { findSqlite as other } from "./sqlite.js";

const NOT_HERE =
  "cannot open sqlite: here: Workers have no SQLite files. Use a Durable Object (omnikv/durable-object), which has SQLite " +
  "inside, or a server";

export const findSqlite: typeof other = () => ({ missing: NOT_HERE });
