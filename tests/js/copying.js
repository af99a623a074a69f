// Stores as lines, as an export of the command line writes them, for tests of copies; and random contents. Any host may import it.

/** Puts what lines say into a store. */
export async function fill(store, lines) {
  const sorted = lines.toSorted((a, b) => Object.hasOwn(b, "latest") - Object.hasOwn(a, "latest"));
  for (const line of sorted) {
    const { latest, record, task, consumer } = line;
    if (latest !== undefined) await store.changes.advance(latest);
    else if (record !== undefined) await store.records.restore(record);
    else if (task !== undefined) await store.tasks.restore(task);
    else if (consumer !== undefined) {
      const { name, position } = consumer;
      const isDone = position === consumer.latest;
      await store.consumers.commit(name, isDone ? await store.changes.latest() : position);
    } else await store.load([line]);
  }
}

/** What a store holds, as texts of lines in order. Of consumers it tells whether they have read everything. */
export async function linesOf(store) {
  const lines = [];
  for await (const entry of store.entries({ as: "json" })) lines.push(entry);
  if ((await store.capabilities()).records) {
    for (const record of await store.records.list()) lines.push({ record });
    for (const task of await store.tasks.list()) lines.push({ task });
    const latest = await store.changes.latest();
    for (const [name, position] of await store.consumers.list()) {
      lines.push({ consumer: { name, position, latest } });
    }
  }
  return plain(lines);
}

/** Lines as texts in order, without what a copy numbers anew. */
export function plain(lines) {
  const texts = lines.flatMap(({ latest, record, task, consumer, ...entry }) => {
    if (latest !== undefined) return [];
    if (record !== undefined) return [{ record: { ...record, stamp: undefined } }];
    if (task !== undefined) return [{ task: { ...task, token: undefined } }];
    if (consumer !== undefined)
      return [{ name: consumer.name, isDone: consumer.position === consumer.latest }];
    const { type, value } = entry;
    const hasOrder = type !== "set" && type !== "hash";
    return [hasOrder ? entry : { ...entry, value: value.map((item) => JSON.stringify(item)).toSorted() }];
  });
  return texts.map((line) => JSON.stringify(sorted(line))).toSorted();
}

/** The same, with the members of objects in order. */
function sorted(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

/** Numbers below a bound that a seed repeats. */
export function random(seed) {
  let state = seed >>> 0;
  return (bound) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const STATUSES = ["pending", "running", "completed", "failed", "cancelled"];

/** Random lines: so many keys, some records, tasks of every state and consumers. */
export function randomLines(below, count) {
  const text = () => ["", "a", "ä\n", "\u{1f600}", '"', "x".repeat(below(40))][below(6)];
  const bytes = () => (below(3) === 0 ? { base64: ["/w==", "AP8=", "gICA"][below(3)] } : text());
  const many = (make) => Array.from({ length: 1 + below(6) }, make);
  const unique = (items) => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  const pairs = (second) => {
    const found = unique(many(bytes));
    return found.map((first) => [first, second()]);
  };
  const value = {
    string: bytes,
    list: () => many(bytes),
    set: () => unique(many(bytes)),
    hash: () => pairs(bytes),
    zset: () => {
      const score = [1.5, -3, "inf", 1e300, 0][below(5)];
      return [[`m${below(9)}`, score]];
    },
  };
  const future = 4_000_000_000_000 + below(1_000_000);
  const lines = [{ latest: 1_000 + below(1_000) }];
  for (let index = 0; index < count; index++) {
    const type = Object.keys(value)[below(5)];
    const key = `${["user:", "a", "z?", "{x}"][below(4)]}${index}${["", ":", "*", "é"][below(4)]}`;
    lines.push({ key, type, expireAt: below(4) === 0 ? future : null, value: value[type]() });
  }
  for (let index = 0; index < count / 2; index++) {
    const version = 1 + below(9);
    const type = [null, "Thing"][below(2)];
    const json = [null, index, { n: index, text: text(), list: [1.5, {}] }][below(3)];
    const expiresAt = below(3) === 0 ? future : null;
    const [created, updated] = [below(1_000), 1_000 + below(1_000)];
    lines.push({ record: { key: `r${index}`, version, type, created, updated, expiresAt, value: json } });
  }
  for (const [index, status] of STATUSES.entries()) {
    const isOver = index > 1;
    lines.push({
      task: {
        ...{ id: `t${index}`, name: "log", unique: isOver ? null : `u${index}`, payload: { index }, status },
        ...{ created: below(1_000), scheduledFor: future, started: 7, ended: isOver ? 9 : null, tries: 1 },
        ...{ maxRetries: below(5), timeoutMs: null, priority: below(5) - 2, error: isOver ? "why" : null },
        ...{ worker: "w", lockedUntil: status === "running" ? future : null },
      },
    });
  }
  const position = below(1_000);
  lines.push({ consumer: { name: "behind", position, latest: position + 1 } });
  lines.push({ consumer: { name: "done", position: 1, latest: 1 } });
  return lines;
}

/**
 * Copies random contents from each of these stores to the next one, and the last to the first's kind. Returns the first
 * difference, if any.
 */
export async function copyThrough(copyStore, stores, seed, count = 60) {
  const below = random(seed);
  const [first, ...others] = stores;
  await fill(first, randomLines(below, count));
  const expected = await linesOf(first);
  let from = first;
  for (const [index, to] of others.entries()) {
    const page = [1, 7, 1_000][below(3)];
    const told = [];
    const copied = await copyStore(from, to, { page, onProgress: (progress) => told.push(progress) });
    const found = await linesOf(to);
    const missing = expected.find((line) => !found.includes(line));
    const added = found.find((line) => !expected.includes(line));
    if (missing !== undefined || added !== undefined) return { store: index + 1, missing, added };
    const again = await copyStore(from, to);
    // The lines do not tell of the number of the last change.
    const isRight =
      copied.done === expected.length &&
      copied.kept === 0 &&
      again.kept === again.done &&
      again.done === copied.done;
    if (!isRight || told.at(-1).done !== copied.done || told[0].done !== 0) {
      return { store: index + 1, copied, again, told };
    }
    from = to;
  }
  return undefined;
}
