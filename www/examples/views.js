// Page views and their ranking, as in the qi guide.

export const title = "Page views";
export const about =
  "Count visits, rank the pages";

export async function run(kv, say) {
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

  say("/home:", await views("/home"));
  say("/contact:", await views("/contact"));
  say("ranking:", await popular());
}
