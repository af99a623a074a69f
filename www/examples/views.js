// Page views: count visits, rank pages.

const track = (url) =>
  kv.incr(`page-views:${url}`);

async function views(url) {
  return Number(
    await kv.get(`page-views:${url}`),
  );
}

async function popular() {
  const keys = await kv.keys(
    "page-views:*",
  );
  const counts = await kv.mget(keys);
  return keys
    .map((key, i) => ({
      url: key.replace("page-views:", ""),
      views: Number(counts[i]),
    }))
    .sort((a, b) => b.views - a.views)
    .slice(0, 10);
}

await kv.deleteRange("page-views:");
await track("/home");
await track("/home");
await track("/about");
await track("/home");

console.log(
  "/home:",
  await views("/home"),
);
console.log(
  "/contact:",
  await views("/contact"),
);
console.log("ranking:", await popular());
