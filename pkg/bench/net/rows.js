// What is measured: a row runs commands of a client, one after the other or concurrently.

const KEYS = 1_000;
const HUNDRED = 100;
const VALUE = "0123456789abcdef0123456789abcdef";

const keys = Array.from({ length: KEYS }, (_, i) => `user:session:${String(i).padStart(6, "0")}`);
const counters = keys.map((key) => `${key}:n`);
const batches = Array.from({ length: KEYS / HUNDRED }, (_, i) => keys.slice(i * HUNDRED, (i + 1) * HUNDRED));

const operations = {
  get: (peer, store, i) => peer.get(store, keys[i % KEYS]),
  set: (peer, store, i) => peer.set(store, keys[i % KEYS], VALUE),
  incr: (peer, store, i) => peer.incr(store, counters[i % KEYS]),
  pipeline: (peer, store, i) => peer.pipeline(store, batches[i % batches.length]),
  mget: (peer, store, i) => peer.mget(store, batches[i % batches.length]),
};

/** Writes the entries that the rows need. */
export async function fill(peer, store) {
  for (const key of keys) await peer.set(store, key, VALUE);
}

const one = (operation) => async (peer, store, count) => {
  const run = operations[operation];
  for (let i = 0; i < count; i++) await run(peer, store, i);
};

/** A hundred concurrent callers, each of which waits for an answer before its next call. */
const inFlight = (operation) => async (peer, store, count) => {
  const run = operations[operation];
  const caller = async (from) => {
    for (let i = from; i < count; i += HUNDRED) await run(peer, store, i);
  };
  await Promise.all(Array.from({ length: HUNDRED }, (_, from) => caller(from)));
};

/**
 * Rows in table order. `count` is how many times a round runs the operation, over HTTP and over TCP; `unit` is the
 * number of commands in each.
 */
export const rows = [
  { name: "get, one by one", run: one("get"), unit: 1, count: [150, 1_000] },
  { name: "set, one by one", run: one("set"), unit: 1, count: [150, 1_000] },
  { name: "incr, one by one", run: one("incr"), unit: 1, count: [150, 1_000] },
  { name: "get, 100 in flight", run: inFlight("get"), unit: 1, count: [3_000, 10_000] },
  { name: "set, 100 in flight", run: inFlight("set"), unit: 1, count: [3_000, 10_000] },
  { name: "incr, 100 in flight", run: inFlight("incr"), unit: 1, count: [3_000, 10_000] },
  { name: "pipeline of 100 gets", run: one("pipeline"), unit: HUNDRED, count: [40, 100] },
  { name: "mget of 100", run: one("mget"), unit: 1, count: [100, 400] },
];
