// Unique visitors: a HyperLogLog a day
// estimates how many came, in 12 kB at most.

async function visit(day, visitor) {
  await kv.pfadd(
    `visitors:${day}`,
    visitor,
  );
}

await kv.del(
  "visitors:monday",
  "visitors:tuesday",
  "visitors:week",
);
for (let n = 0; n < 1000; n++) {
  await visit("monday", `user:${n}`);
  await visit("monday", `user:${n % 10}`);
}
for (let n = 900; n < 1500; n++) {
  await visit("tuesday", `user:${n}`);
}

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
