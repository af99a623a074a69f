// What is measured. A row says which operation it runs, how many times per round, and what must exist before.

const KEYS = 10_000;
const VALUE = "0123456789abcdef0123456789abcdef";
const OBJECT = { id: 42, name: "Alice", tags: ["a", "b"], text: "x".repeat(950) };

const userKey = (i) => `user:session:${String(i).padStart(6, "0")}`;
const keys = Array.from({ length: KEYS }, (_, i) => userKey(i));
const some = keys.slice(0, 2_000);
const strangers = keys.map((key) => `${key}?`);

async function fill(peer, store, names, value = VALUE) {
  const set = new Function("s", "k", "v", `return ${peer.set}`);
  for (const name of names) await set(store, name, value);
}

/** Rows in table order. `setup` prepares what `loop` then runs `count` times. */
export const rows = [
  { name: "get, hot (key kept)", operation: "get", count: KEYS, keys, setup: (p, s) => fill(p, s, keys) },
  {
    name: "get, hot (key built)",
    operation: "get",
    count: KEYS,
    key: '"user:session:" + String(i % 10_000).padStart(6, "0")',
    setup: (p, s) => fill(p, s, keys),
  },
  { name: "get, miss", operation: "get", count: KEYS, keys: strangers, setup: (p, s) => fill(p, s, keys) },
  {
    // Far more keys than any cache of recent ones holds, read in an order that defeats it.
    name: "get, cold (one of 200,000)",
    operation: "get",
    count: KEYS,
    keys: Array.from({ length: 200_000 }, (_, i) => userKey((i * 7919) % 200_000)),
    setup: (p, s, row) => fill(p, s, row.keys),
  },
  { name: "set", operation: "set", count: KEYS, keys, setup: (p, s) => fill(p, s, keys) },
  { name: "set with ttl", operation: "setTtl", count: KEYS, keys, setup: (p, s) => fill(p, s, keys) },
  { name: "incr", operation: "incr", count: KEYS, keys: keys.map((key) => `${key}:n`), setup: () => {} },
  { name: "mget of 100", operation: "mget", count: 100, batch: 100, keys, setup: (p, s) => fill(p, s, keys) },
  {
    name: "range of 100 in 100,000",
    operation: "range",
    count: 1,
    // Some take a tenth of a second for it.
    seldom: 4,
    key: '"item:" + String(i % 1000).padStart(3, "0") + ":"',
    setup: (p, s) =>
      fill(
        p,
        s,
        Array.from(
          { length: 100_000 },
          (_, i) => `item:${String(i % 1000).padStart(3, "0")}:${String(i).padStart(6, "0")}`,
        ),
      ),
  },
  { name: "set 1 KB of JSON", operation: "setJson", count: 2_000, keys: some, setup: () => {} },
  {
    name: "get 1 KB of JSON",
    operation: "getJson",
    count: 2_000,
    keys: some,
    setup: async (p, s) => {
      const set = new Function("s", "k", "o", `return ${p.setJson}`);
      for (const key of some) await set(s, key, OBJECT);
    },
  },
];

/** The row's loop, compiled for one library: `(store, keys, from) => nanoseconds per operation`. */
export function loop(peer, row) {
  const source = peer[row.operation];
  if (source === undefined) return undefined;
  const await_ = peer.async ? "await " : "";
  const body = `
    const { keys, count, v, o } = row;
    const end = from + count;
    let sink = 0;
    // Processor time instead of wall-clock time, because the machine may have other work.
    const begin = process.cpuUsage();
    for (let i = from; i < end; i++) {
      ${row.batch ? `const ks = keys.slice((i * ${row.batch}) % keys.length, (i * ${row.batch}) % keys.length + ${row.batch});` : ""}
      const k = ${row.key ?? "keys[i % keys.length]"}, p = k;
      const result = ${await_}${source};
      if (result !== undefined) sink++;
    }
    const { user, system } = process.cpuUsage(begin);
    if (sink < 0) console.log(sink);
    return ((user + system) * 1e3) / count;`;
  const AsyncFunction = (async () => {}).constructor;
  const Made = peer.async || source.includes("await ") ? AsyncFunction : Function;
  const run = new Made("s", "row", "from", body);
  return (store, from) => run(store, { ...row, v: VALUE, o: OBJECT }, from);
}

export { KEYS, userKey, VALUE };
