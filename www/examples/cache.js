// A cache for a database, as in the qi and lokstra guides: read-through, invalidated by writes.

export const title = "Cache with database";
export const about =
  "Read through, forget on update";

export async function run(kv, say) {
  // A slow database.
  const rows = new Map([
    [1, { id: 1, name: "Alice" }],
  ]);
  const slowly = (answer) =>
    new Promise((resolve) =>
      setTimeout(resolve, 150, answer),
    );
  const db = {
    find: (id) => slowly(rows.get(id)),
    update: (user) =>
      slowly(rows.set(user.id, user)),
  };

  async function getUser(id) {
    const key = `cache:user:${id}`;
    const cached = await kv.get(key);
    if (cached !== null) {
      say("Cache hit!");
      return JSON.parse(cached);
    }
    say("Cache miss, fetching from DB...");
    const user = await db.find(id);
    await kv.set(key, JSON.stringify(user), {
      ttl: "1h",
    });
    return user;
  }

  async function updateUser(user) {
    await db.update(user);
    await kv.del(`cache:user:${user.id}`);
  }

  await kv.del("cache:user:1");
  say("first:", await getUser(1));
  say("second:", await getUser(1));
  await updateUser({ id: 1, name: "Alicia" });
  say("after the update:", await getUser(1));
}
