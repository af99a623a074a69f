// Reacts to every change of a record, in
// order, as it happens.
const stop = new AbortController();
const from =
  (await kv.changes.latest()) + 1;

const watching = (async () => {
  for await (const change of kv.changes.watch(
    {
      from,
      prefix: "stock:",
      signal: stop.signal,
    },
  )) {
    const { key, value } = change.record;
    console.log(
      change.action,
      key,
      value,
    );
    if (change.action === "delete")
      stop.abort();
  }
})();

await kv.records.put("stock:tea", -1, 5);
await kv.records.put("stock:tea", 1, 4);
await kv.records.delete("stock:tea");
await watching;
