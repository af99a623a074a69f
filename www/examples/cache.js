// A cache in front of a database: read
// through, forget on update.

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
    console.log("Cache hit!");
    return JSON.parse(cached);
  }
  console.log(
    "Cache miss, fetching from DB...",
  );
  const user = await db.find(id);
  await kv.set(
    key,
    JSON.stringify(user),
    {
      ttl: "1h",
    },
  );
  return user;
}

async function updateUser(user) {
  await db.update(user);
  await kv.del(`cache:user:${user.id}`);
}

await kv.del("cache:user:1");
console.log("first:", await getUser(1));
console.log("second:", await getUser(1));
await updateUser({
  id: 1,
  name: "Alicia",
});
console.log(
  "after the update:",
  await getUser(1),
);
