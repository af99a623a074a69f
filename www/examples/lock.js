// One at a time, however many ask. The
// token of each hold is larger than that
// of every hold before.
async function report(who) {
  await kv.locks.withLock(
    "report",
    async ({ token }) => {
      console.log(who, "begins,", token);
      await new Promise((next) =>
        setTimeout(next, 100),
      );
      console.log(who, "ends");
    },
    { ttl: "5s" },
  );
}

await Promise.all([
  report("Ada"),
  report("Ben"),
  report("Cleo"),
]);
await kv.locks.status("report");
