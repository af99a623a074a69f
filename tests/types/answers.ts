// The type of each call's result. Nothing here runs.

import {
  type Capabilities,
  type Change,
  connect,
  connectFromEnv,
  type Consumer,
  type ConsumerStatus,
  createMemoryStores,
  createStores,
  type DocumentRecord,
  echo,
  type Entry,
  type KvError,
  log,
  MemoryStore,
  type RecordHead,
  type Schedule,
  type Stats,
  type Store,
  type Task,
  type Value,
  type Worker,
} from "omnikv";
import { configureGlobalStore, get, put, rangeGet } from "omnikv/global";
import { structured } from "omnikv/structured";

/** Does not compile unless both types are equal. */
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

// Chains have the types of all answers.
const results = kv.multi().check("n", null).incr("n").expire("n", 60).set("a", 1).mget("a", "b").exec();
is<
  typeof results,
  Promise<[number | KvError, boolean | KvError, "OK" | KvError, (string | null)[] | KvError]>
>(true);

const plain = kv.multi().incr("n").get("a").exec({ throw: true });
is<typeof plain, Promise<[number, string | null]>>(true);
const plainAtOnce = sync.pipeline().llen("l").exec({ throw: true });
is<typeof plainAtOnce, [number]>(true);
const asBefore = sync.pipeline().get("k").exec({ throw: false });
is<typeof asBefore, [string | null | KvError]>(true);

// Counters: numbers, or bigints if configured.
const sum: number = sync.incr("n") + sync.decr("n") + sync.incrby("n", 2n) + sync.hincrby("h", "f", 1);
const big = connect("memory:", { integers: "bigint", prefix: "p" });
is<typeof big, Promise<Store<string, Value, bigint>>>(true);
const bigSum = (await big).incr("n");
is<typeof bigSum, Promise<bigint>>(true);
const bigChain = (await big).multi().incrby("n", 1).llen("l").exec({ throw: true });
is<typeof bigChain, Promise<[bigint, number]>>(true);
const bigUsers = connect<User>("memory:", { integers: "bigint", serializer: "json" });
is<typeof bigUsers, Promise<Store<User, User, bigint>>>(true);
const bigSync = new MemoryStore({ integers: "bigint" }).hincrby("h", "f", 1);
is<typeof bigSync, bigint>(true);
const bigFromEnv = connectFromEnv({ integers: "bigint" });
is<typeof bigFromEnv, Promise<Store<string, Value, bigint>>>(true);

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
const fields = sync.hrandfield("h", 2, { withValues: true });
is<typeof fields, [string, string][]>(true);
const kind = sync.type("k");
is<typeof kind, "string" | "list" | "hash" | "set" | "zset" | "none">(true);
const added = sync.zadd("z", { score: 1, member: "a" }, { score: 2, member: "b" });
is<typeof added, number>(true);
sync.zadd("z", [["a", 1]], { nx: true });
sync.zadd("z", 1, "a");
const incremented = sync.zadd("z", { score: 1, member: "a" }, { incr: true });
is<typeof incremented, number | null>(true);
const members = sync.zrange("z", 0, -1);
is<typeof members, string[]>(true);
const scored = kv.zrange("z", "(1", "+inf", { byScore: true, withScores: true });
is<typeof scored, Promise<[member: string, score: number][]>>(true);
const lexical = sync.zrange("z", "[a", "+", { byLex: true, ...bytes });
is<typeof lexical, Uint8Array[]>(true);
const rank = sync.zrank("z", "a", { withScore: true });
is<typeof rank, [rank: number, score: number] | null>(true);
const lowest = sync.zpopmin("z");
is<typeof lowest, [member: string, score: number] | null>(true);
const union = sync.zunion(["a", "b"], { weights: [1, 2], aggregate: "max" });
is<typeof union, string[]>(true);
for (const [member, score] of sync.zscanIterator("z"))
  is<[typeof member, typeof score], [string, number]>(true);
const bit = sync.getbit("k", 5);
is<typeof bit, number>(true);
const bits = kv.bitcount("k", 0, -1, "bit");
is<typeof bits, Promise<number>>(true);
const place = sync.bitpos("k", 1, 2);
is<typeof place, number>(true);
const length = sync.bitop("and", "d", "a", "b");
is<typeof length, number>(true);
const integers = sync.bitfield("k", [
  ["overflow", "sat"],
  ["incrby", "u8", "#1", 5],
  ["get", "i64", 8n],
]);
is<typeof integers, (number | null)[]>(true);
const changed = sync.pfadd("h", "a", 1, true);
is<typeof changed, boolean>(true);
const estimate = kv.pfcount("h", "i");
is<typeof estimate, Promise<number>>(true);
const merged = sync.pfmerge("d", ["h"]);
is<typeof merged, "OK">(true);
const stats = kv.stats();
is<typeof stats, Promise<Stats>>(true);
const capabilities = sync.capabilities();
is<typeof capabilities, Capabilities>(true);

// Serializers: the store determines the type of values, and each call may narrow it.
interface User {
  name: string;
}
const json = connect("memory:", { serializer: "json" });
is<typeof json, Promise<Store<unknown, unknown>>>(true);
const users = await connect<User>("memory:", { serializer: "json" });
is<typeof users, Store<User, User>>(true);
is<typeof users, Store<User>>(true);
const user = users.get("1");
is<typeof user, Promise<User | null>>(true);
const userText = users.get("1", { as: "text" });
is<typeof userText, Promise<string | null>>(true);
users.set("1", { name: "Alice" });
users.mset({ a: { name: "Alice" } });
users.rpush("l", { name: "a" }, { name: "b" });
users.compareAndSet("1", null, { name: "Alice" });
const anything = new MemoryStore({ serializer: structured });
is<typeof anything, MemoryStore<unknown, unknown>>(true);
const read = anything.get("k");
is<typeof read, unknown>(true);
const readUser = anything.get<User>("k");
is<typeof readUser, User | null>(true);
const orUnknown = anything.get<User>("k", { default: { name: "Unknown" } });
is<typeof orUnknown, User>(true);
const orFalse = anything.get<User, false>("k", { default: false });
is<typeof orFalse, User | false>(true);
const tasks = anything.lrange<User>("l", 0, -1);
is<typeof tasks, User[]>(true);
const profile = anything.hgetall<User>("h");
is<typeof profile, Record<string, User>>(true);
const entry = anything.range<User>("u");
is<typeof entry, [string, User | null][]>(true);
const names = anything.hkeys("h");
is<typeof names, string[]>(true);
const inChain = new MemoryStore<User>({ serializer: "json" })
  .pipeline()
  .get("k")
  .set("k", { name: "a" })
  .exec();
is<typeof inChain, [User | null | KvError, "OK" | KvError]>(true);
const lists = new MemoryStore<number[]>({ serializer: "json" });
lists.rpush("l", [1], [2]);
lists.rpush("l", [[1]]);

// Patterns.
const made = anything.getOrSet("u", (): User => ({ name: "a" }));
is<typeof made, User>(true);
const madeLater = (await json).getOrSet("u", async (): Promise<User> => ({ name: "a" }), { ttl: "5m" });
is<typeof madeLater, Promise<User>>(true);
const madeText = sync.getOrSet("n", () => 42);
is<typeof madeText, string>(true);
const madeBytes = kv.getOrSet("n", () => "x", bytes);
is<typeof madeBytes, Promise<Uint8Array>>(true);
const madeWide = anything.getOrSet("mode", () => "dark");
is<typeof madeWide, string>(true);
const madeWideText = kv.getOrSet("mode", () => "dark");
is<typeof madeWideText, Promise<string>>(true);
const madeMode = new MemoryStore<"dark" | "light">({ serializer: "json" }).getOrSet("mode", () => "dark");
is<typeof madeMode, "dark" | "light">(true);
const updated = users.update("1", (current) => {
  is<typeof current, User | null>(true);
  return current && { name: current.name };
});
is<typeof updated, Promise<User | null>>(true);
sync.update("n", (n) => Number(n) + 1, { ttl: 5, tries: 3 });
for await (const each of kv.entries()) is<typeof each, Entry>(true);
for (const each of sync.entries({ as: "json" }))
  if (each.type === "string") is<typeof each.value, string | { readonly base64: string }>(true);
sync.load(sync.entries());
kv.load(sync.entries({ as: "json" }));
kv.load(kv.entries());
const within = users.withPrefix("a");
is<typeof within, Store<User>>(true);

// The global store, and named ones.
await put("k", { any: "thing" }, { ttl: "2h" });
const globally = get<User>("k");
is<typeof globally, Promise<User | null>>(true);
const globallyOr = get<User>("k", { default: { name: "Unknown" } });
is<typeof globallyOr, Promise<User>>(true);
const globallyRaw = get("k", { ...bytes, signal: AbortSignal.abort() });
is<typeof globallyRaw, Promise<Uint8Array | null>>(true);
const globalRawRange = rangeGet("u:", null, bytes);
is<typeof globalRawRange, Promise<[string, Uint8Array | null][]>>(true);
const rangedRaw = sync.rangeGet("u:", null, { limit: 5, ...bytes });
is<typeof rangedRaw, [string, Uint8Array | null][]>(true);
await configureGlobalStore({ serializer: structured });
await configureGlobalStore({ type: "redis", host: "localhost", timeout: 0.5 });
await configureGlobalStore({ type: "memory", maxKeys: 5 });
const globalRange = rangeGet<User>("u:");
is<typeof globalRange, Promise<[string, User | null][]>>(true);
await using stores = await createStores({
  text: { url: "memory:" },
  json: { url: "memory:", serializer: "json" },
  service: { type: "kvstore_memory", config: { prefix: "p" } },
  nothing: { type: "kvstore_memory", config: null },
});
is<typeof stores.text, Store>(true);
is<typeof stores.json, Store<unknown>>(true);
is<typeof stores.service, Store<unknown>>(true);
declare const parsed: any;
await using services = await createStores(parsed);
await services["cache"].set("k", { any: "thing" });
is<typeof services.sessions, Store<unknown>>(true);
is<ReturnType<typeof services.close>, Promise<void>>(true);
using servicesAtOnce = createMemoryStores(parsed);
is<typeof servicesAtOnce.sessions, MemoryStore<unknown>>(true);
const counted = (await createStores({ n: { url: "memory:", integers: "bigint" } })).n.incr("n");
is<typeof counted, Promise<bigint>>(true);
using atOnce = createMemoryStores({
  text: { url: "memory:" },
  json: { url: "memory:", serializer: "json" },
  service: { type: "kvstore_memory", config: { prefix: "p" } },
});
is<typeof atOnce.text, MemoryStore>(true);
is<typeof atOnce.json, MemoryStore<unknown>>(true);
is<typeof atOnce.service, MemoryStore<unknown>>(true);

// Remote stores and cancellation.
const { signal } = new AbortController();
const remote = connectFromEnv({
  env: { OMNIKV_URL: "memory:" },
  prefix: "p",
  signal,
  timeout: "5s",
  retries: 2,
});
is<typeof remote, Promise<Store>>(true);
const remoteUsers = connectFromEnv<User>({ serializer: "json" });
is<typeof remoteUsers, Promise<Store<User, User>>>(true);
const given = sync.set("k", "v", { ttl: 5, nx: true, signal });
is<typeof given, "OK" | null>(true);
sync.get("k", { signal, default: "none" });
sync.expire("k", 5, { nx: true, signal });
sync.hgetall("h", { as: "bytes", signal });
sync.flush({ all: true, signal });
sync.pipeline().get("k").exec({ signal });
sync.scan("0", { signal, match: "a*" });
connect("https://example.com", { fetch: (url, init) => fetch(url, init), token: "t" });

// Iterators.
for (const [field, value] of sync.hscanIterator("h", bytes))
  is<typeof field | typeof value, Uint8Array>(true);
for await (const key of kv.scanIterator({ match: "user:*", type: "string" })) is<typeof key, string>(true);

// Optional values can be passed on directly.
declare const perhaps: { ttl?: number; prefix: string | undefined };
sync.set("k", "v", { ttl: perhaps.ttl });
new MemoryStore({ prefix: perhaps.prefix });

export { capabilities, chained, opened, promised, sum };

// Records, and what is built on them, in the same modes.
interface Person {
  name: string;
  age: number;
  address?: { city: string };
}
const people = kv.records.of<Person>("Person");
const head = people.put("alice", -1, { name: "Alice", age: 30 }, { ttl: "1d" });
is<typeof head, Promise<RecordHead>>(true);
const patched = people.patch("alice", 1, { age: 31, address: null });
is<typeof patched, Promise<RecordHead>>(true);
const person = people.get("alice");
is<typeof person, Promise<DocumentRecord<Person> | null>>(true);
const everybody = sync.records.of<Person>("Person").list({ prefix: "a", after: "b", limit: 5 });
is<typeof everybody, DocumentRecord<Person>[]>(true);
const untyped = sync.records.get("alice");
is<typeof untyped, DocumentRecord | null>(true);
const affected = kv.records.mutate([
  { put: "a", version: 0, value: 1, type: "T", ttl: 5 },
  { delete: ["b"] },
  { task: { name: "mail" } },
]);
is<typeof affected, Promise<number[]>>(true);

const recordChain = kv
  .multi()
  .records.put("a", 0, 1)
  .set("b", 1)
  .records.get<Person>("a")
  .tasks.create<Person>({ name: "mail" })
  .locks.acquire("l", "me", "5s")
  .changes.latest()
  .consumers.status("c")
  .exec({ throw: true });
is<
  typeof recordChain,
  Promise<
    [RecordHead, "OK", DocumentRecord<Person> | null, Task<Person>, number | null, number, ConsumerStatus]
  >
>(true);
const recordPipeline = sync.pipeline().records.delete("a").exec();
is<typeof recordPipeline, [number | KvError]>(true);

const batches = kv.consumer<Person>("mailer", { type: "Person", commit: "batch" });
is<typeof batches, Consumer<Person>>(true);
const batch = batches.get();
is<typeof batch, Promise<Change<Person>[]>>(true);
for await (const items of sync.consumer<Person>("mailer")) is<typeof items, Change<Person>[]>(true);
for await (const item of kv.consumer<Person>("mailer", { commit: "each" }))
  is<typeof item, Change<Person>>(true);
for await (const change of kv.changes.watch<Person>({ from: 1 })) is<typeof change, Change<Person>>(true);

const schedule = sync.tasks.schedule("report", "*/5 * * * *", { timezone: "Europe/Berlin", payload: [1] });
is<typeof schedule, Promise<Schedule>>(true);
const worker = kv.tasks.worker({
  handlers: {
    log,
    echo,
    mail: async (task: Task<{ to: string }>, { signal }) => [task.payload.to, signal.aborted],
  },
  schedules: { log: "@daily", mail: { expression: "0 5 * * *", payload: { to: "a" } } },
});
is<typeof worker, Worker>(true);
const underLock = sync.locks.withLock("l", ({ token }) => token, { ttl: "30s" });
is<typeof underLock, Promise<number>>(true);
