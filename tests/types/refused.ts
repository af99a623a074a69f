// Code that must not compile.

import { configureGlobalStore, connect, MemoryStore, type Store } from "omnikv";

const kv = new MemoryStore();
const bytes = { as: "bytes" } as const;

// Pairs of options that exclude each other.
// @ts-expect-error
kv.set("k", "v", { ttl: 5, keepTtl: true });
// @ts-expect-error
kv.set("k", "v", { ttl: 5, ttlMs: 5 });
// @ts-expect-error
kv.set("k", "v", { ttl: 5, expireAt: new Date() });
// @ts-expect-error
kv.set("k", "v", { expireAt: 5, keepTtl: true });
// @ts-expect-error
kv.set("k", "v", { nx: true, xx: true });
// @ts-expect-error
kv.set("k", "v", { ttl: 5, nx: true, xx: true, get: true });
// @ts-expect-error
kv.getex("k", { ttl: 5, persist: true });
// @ts-expect-error
kv.expire("k", 5, { nx: true, gt: true });
// @ts-expect-error
kv.compareAndSet("k", null, "v", { ttl: 5, keepTtl: true });

// Unknown or missing options.
// @ts-expect-error
kv.set("k", "v", { exp: 5 });
// @ts-expect-error
kv.getex("k", { keepTtl: true });
// @ts-expect-error
kv.set("k", "v", bytes);
// @ts-expect-error
kv.hrandfield("h", { withValues: true });
// @ts-expect-error
kv.strlen("k", bytes);
// @ts-expect-error
connect("memory:", { eviction: "random" });

// @ts-expect-error
new MemoryStore({ token: "t" });
// @ts-expect-error
connect("https://example.com", { responseEncoding: "utf8" });
// @ts-expect-error
kv.pipeline().get("k").exec({ timeout: 5 });
// @ts-expect-error
kv.get("k", { signal: true });

// Wrong types.
// @ts-expect-error
kv.get(5);
// @ts-expect-error
kv.set("k");
// @ts-expect-error
kv.set("k", null);
// @ts-expect-error
kv.set("k", { a: 1 });
// @ts-expect-error
kv.set("k", "v", { ttl: "soon" });
// @ts-expect-error
kv.set("k", "v", { ttl: "5 minutes" });
// @ts-expect-error
kv.lmove("a", "b", "top", "left");
// @ts-expect-error
kv.zadd("z", "a", 1);
// @ts-expect-error
kv.zrange("z", "a", "b", { byLex: true });
// @ts-expect-error
kv.zmpop(["z"], "left");
// @ts-expect-error
kv.bitop("nand", "d", "a");
// @ts-expect-error
kv.bitcount("k", 0);
// @ts-expect-error
kv.bitfield("k", [["get", "x8", 0]]);
// @ts-expect-error
kv.bitfield("k", [["set", "u8", 0]]);
// @ts-expect-error
kv.mset({ a: undefined });
// @ts-expect-error
kv.scan("0", { type: "soup" });
// @ts-expect-error
kv.multi().check("k");
// @ts-expect-error
kv.pipeline().scanIterator();

// Values of the wrong type for the store.
interface User {
  name: string;
}
declare const users: Store<User>;
const json = new MemoryStore({ serializer: "json" });
// @ts-expect-error
connect<User>("memory:");
// @ts-expect-error
connect<User>("memory:", { serializer: "text" });
// @ts-expect-error
connect("memory:", { serializer: "structured" });
// @ts-expect-error
new MemoryStore<User>();
// @ts-expect-error
MemoryStore.connect<User>("memory:");
// @ts-expect-error
kv.get<User>("k");
// @ts-expect-error
users.set("1", "Alice");
// @ts-expect-error
users.set("1", { nam: "Alice" });
// @ts-expect-error
users.mset({ a: 1 });
// @ts-expect-error
users.multi().check("1", "Alice");
// @ts-expect-error
users.append("1", { name: "Alice" });
// @ts-expect-error
users.hset("h", { name: "Alice" }, { name: "Alice" });
// @ts-expect-error
users.get("1", { as: "json" });
// @ts-expect-error
users.get<User>("1", { as: "bytes" });
// @ts-expect-error
new MemoryStore<number[]>({ serializer: "json" }).rpush("l", [1]);

// The global store.
// @ts-expect-error
configureGlobalStore({ hosts: "localhost" });
// @ts-expect-error
configureGlobalStore({ serializer: "pickle" });

// Patterns.
// @ts-expect-error
kv.getOrSet("k", () => undefined);
// @ts-expect-error
kv.getOrSet("k", async () => "a promise in a synchronous store");
// @ts-expect-error
kv.getOrSet("k", () => "v", { ttl: 5, keepTtl: true });
// @ts-expect-error
users.getOrSet("1", () => "Alice");
// @ts-expect-error
users.update("1", (user) => user?.name);
// @ts-expect-error
kv.update("k", () => "v", { ttl: 5, persist: true });
// @ts-expect-error
kv.load(users.entries());
// @ts-expect-error
kv.load([{ key: "k", type: "list", value: "v" }]);
// @ts-expect-error
kv.entries({ as: "text" });

// Results of the wrong type.
// @ts-expect-error
const user: User = json.get("k");
// @ts-expect-error
const text: string = kv.get("k");
// @ts-expect-error
const sum: bigint = kv.incr("n");
// @ts-expect-error
const bigSum: number = new MemoryStore({ integers: "bigint" }).incr("n");
// @ts-expect-error
connect("memory:", { integers: "text" });
// @ts-expect-error
kv.multi().exec({ throw: 1 });
export { bigSum, sum, text, user };

// Records, and what is built on them.
interface Person {
  name: string;
  age: number;
}
const people = kv.records.of<Person>("Person");
// @ts-expect-error
people.put("alice", -1, { name: "Alice" });
// @ts-expect-error
people.patch("alice", 1, { age: "31" });
// @ts-expect-error
people.put("alice", -1, { name: "Alice", age: 30 }, { type: "Other" });
// @ts-expect-error
people.list({ type: "Other" });
// @ts-expect-error
kv.records.mutate([{ put: "a", value: 1 }]);
// @ts-expect-error
kv.consumer("c", { commit: "all" });
// @ts-expect-error
kv.tasks.schedule("r", "* * * * *", { unique: "r" });
// @ts-expect-error
kv.tasks.worker({ handlers: {}, schedules: { r: { timezone: "UTC" } } });
// @ts-expect-error
kv.multi().records.of("Person");
// @ts-expect-error
kv.pipeline().tasks.worker({ handlers: {} });
