// Two people edit one document. Nobody
// overwrites what they have not read.
const key = "doc:plan";
const options = { type: "Doc" };

await kv.records.delete(key);
await kv.records.put(
  key,
  0, // only if there is none
  { title: "Plan", tags: ["draft"] },
  options,
);

const ada = await kv.records.get(key);
const ben = await kv.records.get(key);

await kv.records.put(
  key,
  ada.version,
  { ...ada.value, title: "Our plan" },
  options,
);
try {
  await kv.records.put(
    key,
    ben.version,
    { ...ben.value, tags: ["final"] },
    options,
  );
} catch (error) {
  console.log("Ben:", error.code);
}

// Ben changes one member, whatever
// the version is.
await kv.records.patch(key, -1, {
  tags: ["final"],
});

// Every change is in the stream.
for (const change of await kv.changes.read(
  {
    prefix: key,
  },
)) {
  console.log(
    change.seq,
    change.action,
    change.record.value,
  );
}
await kv.records.get(key);
