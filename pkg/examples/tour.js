// A tour of the memory store: node pkg/examples/tour.js (after ./setup.sh). It needs no server and no network.

import { connect, MemoryStore } from "omnikv";

const kv = await connect("memory:", { prefix: "tour" });
const show = (what, result) => console.log(what.padEnd(58), "->", JSON.stringify(result));

console.log("Values and time");
show('set("session:42", "Alice", { ttl: "30m" })', await kv.set("session:42", "Alice", { ttl: "30m" }));
show('get("session:42")', await kv.get("session:42"));
show('ttl("session:42")', await kv.ttl("session:42"));
show('get("nobody")', await kv.get("nobody"));

console.log("\nCounters");
await kv.mset({ "page-views:/home": 3, "page-views:/about": 1 });
show('incr("page-views:/home")', await kv.incr("page-views:/home"));
show('range("page-views:")', await kv.range("page-views:"));

console.log("\nA queue");
show('rpush("tasks", "mail", "report")', await kv.rpush("tasks", "mail", "report"));
show('lpop("tasks")', await kv.lpop("tasks"));

console.log("\nA hash and a set");
await kv.hset("user:1", { name: "Alice", email: "alice@example.com" });
show('hgetall("user:1")', await kv.hgetall("user:1"));
await kv.sadd("tags", "redis", "cache", "nosql");
show('smismember("tags", "cache", "sql")', await kv.smismember("tags", "cache", "sql"));

console.log("\nA rate limiter, as one transaction");
for (let request = 1; request <= 2; request++) {
  const [count] = await kv.multi().incr("rate:42").expire("rate:42", 60, { nx: true }).exec();
  show('multi().incr("rate:42").expire("rate:42", 60, { nx: true })', { count, allowed: count <= 10 });
}

console.log("\nOptimistic locking");
show('compareAndSet("session:42", "Alice", "Bob")', await kv.compareAndSet("session:42", "Alice", "Bob"));
show('compareAndSet("session:42", "Alice", "Carol")', await kv.compareAndSet("session:42", "Alice", "Carol"));

console.log("\nErrors help");
for (const call of [() => kv.incr("session:42"), () => kv.get(7), () => kv.lpush("user:1", "x")]) {
  await call().catch((error) => show(call.toString().slice(6), `${error.code}: ${error.message}`));
}

console.log("\nThe same, synchronous");
const hot = new MemoryStore();
hot.set("a", 1);
show("new MemoryStore().incr", hot.incr("a"));

console.log();
show("stats()", await kv.stats());
await kv.close();
