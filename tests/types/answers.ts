// What each call gives, as the compiler sees it. Nothing here runs.

import {
  type Capabilities,
  connect,
  type Integer,
  type KvError,
  MemoryStore,
  type Stats,
  type Store,
} from "omnikv";

/** Does not compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<A, B>(_same: Same<A, B>): void {}

declare const kv: Store;
declare const sync: MemoryStore;
const bytes = { as: "bytes" } as const;

const opened = connect("memory:");
is<typeof opened, Promise<Store>>(true);

// The same call in three modes.
const promised = kv.get("k");
is<typeof promised, Promise<string | null>>(true);
const returned = sync.get("k");
is<typeof returned, string | null>(true);
const chained = sync.pipeline().get("k").exec();
is<typeof chained, [string | null | KvError]>(true);

// Chains know each answer.
const results = kv.multi().check("n", null).incr("n").expire("n", 60).set("a", 1).mget("a", "b").exec();
is<
  typeof results,
  Promise<[Integer | KvError, boolean | KvError, "OK" | KvError, (string | null)[] | KvError]>
>(true);

// Overloads.
const raw = sync.get("k", bytes);
is<typeof raw, Uint8Array | null>(true);
const orZero = sync.get("k", { default: 0 });
is<typeof orZero, string | number>(true);
const rawOrFalse = sync.get("k", { as: "bytes", default: false });
is<typeof rawOrFalse, Uint8Array | boolean>(true);
const set = sync.set("k", 1, { ttl: "5m" });
is<typeof set, "OK">(true);
const setIf = sync.set("k", 1, { ttl: 5, nx: true });
is<typeof setIf, "OK" | null>(true);
const old = sync.set("k", 1, { get: true, xx: true });
is<typeof old, string | null>(true);
const oldBytes = sync.set("k", 1, { get: true, as: "bytes" });
is<typeof oldBytes, Uint8Array | null>(true);
const popped = sync.lpop("q");
is<typeof popped, string | null>(true);
const poppedMany = sync.lpop("q", 2, bytes);
is<typeof poppedMany, Uint8Array[] | null>(true);
const isNew = sync.hset("h", "f", "v");
is<typeof isNew, boolean>(true);
const howManyNew = sync.hset("h", { f: 1, g: true });
is<typeof howManyNew, number>(true);
sync.hset("h", new Map([["f", 1]]));
sync.mset([
  ["a", 1],
  ["b", "x"],
]);
const some = sync.mget("a", "b", bytes);
is<typeof some, (Uint8Array | null)[]>(true);
const all = sync.hgetall("h");
is<typeof all, Record<string, string>>(true);
const range = kv.range("item:", undefined, { limit: 5, ...bytes });
is<typeof range, Promise<[string, Uint8Array | null][]>>(true);
const position = sync.lpos("l", "a");
is<typeof position, number | null>(true);
const positions = sync.lpos("l", "a", { count: 0 });
is<typeof positions, number[]>(true);
const fields = sync.hrandField("h", 2, { withValues: true });
is<typeof fields, [string, string][]>(true);
const kind = sync.type("k");
is<typeof kind, "string" | "list" | "hash" | "set" | "none">(true);
const stats = kv.stats();
is<typeof stats, Promise<Stats>>(true);
const capabilities = sync.capabilities();
is<typeof capabilities, Capabilities>(true);

// Iterators.
for (const [field, value] of sync.hscanIterator("h", bytes))
  is<typeof field | typeof value, Uint8Array>(true);
for await (const key of kv.scanIterator({ match: "user:*", type: "string" })) is<typeof key, string>(true);

// Optional values may be handed on as they are.
declare const perhaps: { ttl?: number; prefix: string | undefined };
sync.set("k", "v", { ttl: perhaps.ttl });
new MemoryStore({ prefix: perhaps.prefix });

export { capabilities, chained, opened, promised };
