// Feature flags: a bit for each user,
// and bitmaps that are combined as a whole.

const on = (flag, user) =>
  kv.setbit(`flag:${flag}`, user, 1);
const has = async (flag, user) =>
  (await kv.getbit(
    `flag:${flag}`,
    user,
  )) === 1;

await kv.del(
  "flag:beta",
  "flag:paid",
  "flag:both",
);
for (const user of [3, 7, 250, 1000])
  await on("beta", user);
for (const user of [7, 9, 1000])
  await on("paid", user);

console.log(
  "is 7 in the beta:",
  await has("beta", 7),
);
console.log(
  "in the beta:",
  await kv.bitcount("flag:beta"),
);
await kv.bitop(
  "and",
  "flag:both",
  "flag:beta",
  "flag:paid",
);
console.log(
  "paying in the beta:",
  await kv.bitcount("flag:both"),
);
console.log(
  "the first of them:",
  await kv.bitpos("flag:both", 1),
);

// Small counters, packed: tries of user 7,
// 4 bits each, which stop at 15.
const tries = await kv.bitfield("tries", [
  ["overflow", "sat"],
  ["set", "u4", "#7", 14],
  ["incrby", "u4", "#7", 5],
]);
console.log("tries:", tries[1]);
