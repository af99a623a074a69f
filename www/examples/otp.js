// One-time passwords, as in the lokstra guide: valid once, and only for a while.

export const title = "One-time password";
export const about =
  "Right once, and only for a while";

export async function run(kv, say) {
  const sleep = (ms) =>
    new Promise((resolve) =>
      setTimeout(resolve, ms),
    );

  async function generate(userId, ttl) {
    const [random] = crypto.getRandomValues(
      new Uint32Array(1),
    );
    const code = String(
      random % 1_000_000,
    ).padStart(6, "0");
    await kv.set(`otp:${userId}`, code, {
      ttl,
    });
    return code;
  }

  // Atomic: no second caller can use the same code.
  const verify = (userId, code) =>
    kv.compareAndDelete(
      `otp:${userId}`,
      code,
    );

  const code = await generate("ada", "5m");
  say(
    "a wrong code:",
    await verify("ada", "guess"),
  );
  say(
    "the right code:",
    await verify("ada", code),
  );
  say(
    "the same again:",
    await verify("ada", code),
  );

  const late = await generate("ada", "2s");
  say("two seconds to live: watch the key");
  await sleep(2100);
  say("too late:", await verify("ada", late));
}
