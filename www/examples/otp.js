// One-time passwords: right once, and
// only for a while.

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

// One step: nobody can use a code twice.
const verify = (userId, code) =>
  kv.compareAndDelete(
    `otp:${userId}`,
    code,
  );

const code = await generate("ada", "5m");
console.log(
  "a wrong code:",
  await verify("ada", "guess"),
);
console.log(
  "the right code:",
  await verify("ada", code),
);
console.log(
  "the same again:",
  await verify("ada", code),
);

const late = await generate("ada", "2s");
console.log(
  "two seconds to live: watch the key",
);
await sleep(2100);
console.log(
  "too late:",
  await verify("ada", late),
);
