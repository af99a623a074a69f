// kv is the store. Edit this, then Run.
await kv.set("greeting", "hello", {
  ttl: 60,
});
await kv.hset("user:1", {
  name: "Ada",
  visits: 41,
});
await kv.hincrby("user:1", "visits", 1);
console.log(
  "seconds left:",
  await kv.ttl("greeting"),
);

// The last value is shown with its type.
await kv.hgetall("user:1");
