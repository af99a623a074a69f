// The Node versions that tests run beside the current one: the oldest supported one, and one that miniflare accepts. In
// nodes/better-sqlite3 is that package, built for the oldest one.

import { fileURLToPath } from "node:url";

const folder = (version) => fileURLToPath(new URL(`nodes/${version}/node_modules/.bin`, import.meta.url));

/** The oldest Node with SQLite inside. */
export const FIRST_WITH_SQLITE = folder(22);

/** The folders of each Node's programs, by major version: put them first in the PATH. */
export const NODES = { 20: folder(20), 24: folder(24) };
