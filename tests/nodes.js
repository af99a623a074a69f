// The Nodes that tests run beside the one they run in: the oldest that the package promises, and one that miniflare takes.

import { fileURLToPath } from "node:url";

const folder = (version) => fileURLToPath(new URL(`nodes/${version}/node_modules/.bin`, import.meta.url));

/** The folders of programs of each Node, by its major version: the first place to look for `node`. */
export const NODES = { 20: folder(20), 24: folder(24) };
