// Sessions: sign in, be recognised,
// sign out.

async function createSession(
  userId,
  ttl = 1800,
) {
  const id = `session:${userId}`;
  const data = {
    userId,
    createdAt: new Date().toISOString(),
    ip: "192.168.1.1",
  };
  await kv.set(id, JSON.stringify(data), {
    ttl,
  });
  return id;
}

async function getSession(id) {
  const data = await kv.get(id);
  if (data === null) {
    return {
      error:
        "Session not found or expired",
    };
  }
  return JSON.parse(data);
}

const destroySession = (id) => kv.del(id);

const sid = await createSession(42);
console.log(
  "signed in:",
  await getSession(sid),
);
console.log(
  "seconds left:",
  await kv.ttl(sid),
);

const other = await createSession(7);
await destroySession(other);
console.log(
  "signed out:",
  await getSession(other),
);
