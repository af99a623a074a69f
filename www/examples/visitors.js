// Unique visitors: a HyperLogLog a day
// estimates how many came, in 12 kB at most.

const users = (from, to) =>
  Array.from(
    { length: to - from },
    (_, n) => `user:${from + n}`,
  );

await kv.del(
  "visitors:monday",
  "visitors:tuesday",
  "visitors:week",
);
await kv.pfadd(
  "visitors:monday",
  users(0, 1000),
);
// They come again, and count once.
await kv.pfadd(
  "visitors:monday",
  users(0, 10),
);
await kv.pfadd(
  "visitors:tuesday",
  users(900, 1500),
);

console.log(
  "monday:",
  await kv.pfcount("visitors:monday"),
);
console.log(
  "on both days together:",
  await kv.pfcount(
    "visitors:monday",
    "visitors:tuesday",
  ),
);

// Keep the week, forget the days.
await kv.pfmerge(
  "visitors:week",
  "visitors:monday",
  "visitors:tuesday",
);
console.log(
  "bytes for the week:",
  await kv.strlen("visitors:week"),
);
