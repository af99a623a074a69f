// A leaderboard: scores in order, ranks
// without sorting.

async function play(player, points) {
  const total = await kv.zincrby(
    "board",
    points,
    player,
  );
  console.log(`${player}: ${total}`);
}

await kv.del("board");
await kv.zadd(
  "board",
  { score: 120, member: "ada" },
  { score: 95, member: "grace" },
  { score: 80, member: "alan" },
);
await play("grace", 40);
await play("linus", 60);

console.log(
  "the best three:",
  await kv.zrange("board", 0, 2, {
    rev: true,
    withScores: true,
  }),
);
console.log(
  "alan's place:",
  (await kv.zrevrank("board", "alan")) +
    1,
);
console.log(
  "from 80 to 120:",
  await kv.zrange("board", 80, 120, {
    byScore: true,
  }),
);

// Keep the best three.
await kv.zremrangebyrank("board", 0, -4);
console.log(
  "players left:",
  await kv.zcard("board"),
);
