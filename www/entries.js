// The contents of a store for the key browser: names, and details of some of them. It must not touch the page.

import { escaped } from "./escapes.js";
import { breathe } from "./page.js";
import { readable } from "./reply.js";

const SLICE_MS = 8;
/** How many bytes of a string, and how many items of a collection, a preview shows. */
const PREVIEW_BYTES = 120;
const PREVIEW_ITEMS = 5;

/** Converts a filter to a glob: a filter without glob characters matches anywhere in the name. */
export const globOf = (filter) => (filter === "" ? "*" : /[*?[\\]/.test(filter) ? filter : `*${filter}*`);

/**
 * The matching keys, sorted, and whether there may be more than listed. The third argument limits the number of keys
 * and pages. Long scans yield to the browser.
 */
export async function listKeys(kv, filter, { page: count, mostPages, mostKeys }) {
  const found = new Set();
  let cursor = "0";
  let pages = 0;
  let since = performance.now();
  do {
    const page = await kv.scan(cursor, { match: globOf(filter), count });
    pages += 1;
    for (const key of page.keys) found.add(key);
    cursor = page.cursor;
    if (performance.now() - since < SLICE_MS) continue;
    await breathe();
    since = performance.now();
  } while (cursor !== "0" && found.size < mostKeys && pages < mostPages);
  return { keys: [...found].sort(), isCut: cursor !== "0" };
}

/**
 * Details of keys: type, deadline (milliseconds since 1970, -1 for never), a preview, the number of items. Keys that do
 * not exist are omitted.
 *
 * @returns {Promise<Map<string, { type: string, deadline: number, size: number, preview: string }>>}
 */
export async function describe(kv, keys) {
  const first = kv.pipeline();
  for (const key of keys) first.type(key).pexpiretime(key);
  const facts = await first.exec();
  const entries = keys
    .map((key, index) => ({ key, type: facts[2 * index], deadline: facts[2 * index + 1] }))
    .filter(({ type }) => type !== "none");
  const second = kv.pipeline();
  for (const { key, type } of entries) PREVIEWS[type].ask(second, key);
  const answers = await second.exec();
  return new Map(
    entries.map(({ key, type, deadline }, index) => {
      const [size, some] = [answers[2 * index], answers[2 * index + 1]];
      const isGone = size instanceof Error || some instanceof Error;
      const preview = isGone ? "" : escaped(PREVIEWS[type].show(some)).slice(0, PREVIEW_BYTES);
      return [key, { type, deadline, size: isGone ? 0 : size, preview }];
    }),
  );
}

const AS_BYTES = { as: "bytes" };
const SOME = { count: PREVIEW_ITEMS, ...AS_BYTES };

/** Two reads for each type: the size, and the beginning. */
const PREVIEWS = {
  string: {
    ask: (batch, key) => batch.strlen(key).getrange(key, 0, PREVIEW_BYTES - 1, AS_BYTES),
    show: (start) => readable(whole(start)),
  },
  list: {
    ask: (batch, key) => batch.llen(key).lrange(key, 0, PREVIEW_ITEMS - 1, AS_BYTES),
    show: (items) => items.map(readable).join(", "),
  },
  hash: {
    ask: (batch, key) => batch.hlen(key).hscan(key, "0", SOME),
    show: ({ entries }) =>
      entries
        .map(([field, value]) => `${readable(field)}: ${readable(value)}`)
        .sort()
        .join(", "),
  },
  zset: {
    ask: (batch, key) =>
      batch.zcard(key).zrange(key, 0, PREVIEW_ITEMS - 1, { withScores: true, ...AS_BYTES }),
    show: (members) => members.map(([member, score]) => `${readable(member)}: ${score}`).join(", "),
  },
  set: {
    ask: (batch, key) => batch.scard(key).sscan(key, "0", SOME),
    show: ({ members }) => members.map(readable).sort().join(", "),
  },
};

/** The bytes without an incomplete character at their end. */
function whole(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && (bytes[end - 1] & 0xc0) === 0x80) end -= 1;
  const lead = bytes[end - 1] ?? 0;
  const needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return needs > bytes.length - end + 1 ? bytes.subarray(0, end - 1) : bytes;
}
