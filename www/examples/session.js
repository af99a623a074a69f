// Sessions, as in the qi guide: JSON, one key each, with a TTL of half an hour.

export const title = "Session cache";
export const about =
  "Sign in, be recognised, sign out";

export async function run(kv, say) {
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
        error: "Session not found or expired",
      };
    }
    return JSON.parse(data);
  }

  const destroySession = (id) => kv.del(id);

  const sid = await createSession(42);
  say("signed in:", await getSession(sid));
  say("seconds left:", await kv.ttl(sid));

  const other = await createSession(7);
  await destroySession(other);
  say("signed out:", await getSession(other));
}
