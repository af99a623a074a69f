// A rate limit: ten calls a minute, the
// eleventh is refused.

async function check(userId) {
  const key = `rate-limit:${userId}`;
  const count = await kv.incr(key);
  // The first request starts the minute.
  if (count === 1)
    await kv.expire(key, 60);
  if (count > 10)
    return {
      allowed: false,
      remaining: 0,
    };
  return {
    allowed: true,
    remaining: 10 - count,
  };
}

await kv.del("rate-limit:42");
for (
  let request = 1;
  request <= 11;
  request++
) {
  console.log(
    `request ${request}:`,
    await check(42),
  );
}
const left = await kv.ttl(
  "rate-limit:42",
);
console.log(
  "allowed again in seconds:",
  left,
);
