// A rate limit, as in the qi guide: ten requests per minute, the eleventh is refused.

export const title = "Rate limit";
export const about =
  "Ten a minute, the 11th is refused";

export async function run(kv, say) {
  async function check(userId) {
    const key = `rate-limit:${userId}`;
    const count = await kv.incr(key);
    // The first request starts the minute.
    if (count === 1) await kv.expire(key, 60);
    if (count > 10)
      return { allowed: false, remaining: 0 };
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
    say(
      `request ${request}:`,
      await check(42),
    );
  }
  const left = await kv.ttl("rate-limit:42");
  say("allowed again in seconds:", left);
}
