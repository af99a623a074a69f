// A test as Jest's users write it, with nothing set up: CommonJS, in Node's environment and in jsdom's (commonjs.test.js).

const { connect, KvError, MemoryStore } = require("omnikv");
const { get, put } = require("omnikv/global");
const { structured } = require("omnikv/structured");

test("a store in memory", () => {
  const kv = new MemoryStore();
  for (const text of ["short", "ü€😀", "long ".repeat(5_000), "lang ü".repeat(5_000)]) {
    kv.set("k", text);
    expect(kv.get("k")).toBe(text);
    kv.hset("h", { f: text });
    expect(kv.hgetall("h")).toEqual({ f: text });
  }
  // In jsdom Buffers, and what Node's modules give, are not of the environment's own classes.
  kv.set("bytes", Buffer.from([255, 0]));
  expect([...kv.get("bytes", { as: "bytes" })]).toEqual([255, 0]);
  expect(kv.get("bytes", { as: "bytes" })).toBeInstanceOf(Uint8Array);
  const { mtime } = require("node:fs").statSync(__filename);
  kv.set("k", "v", { expireAt: new Date(mtime.getTime() + 1e12) });
  expect(kv.expireat("k", require("node:fs").statSync(__filename).mtime)).toBe(true);
  expect(() => kv.lpush("bytes", "v")).toThrow(KvError);
});

test("other values", async () => {
  const json = await connect("memory:", { serializer: "json" });
  await json.set("k", { a: [1, null] });
  expect(await json.get("k")).toEqual({ a: [1, null] });
  const kv = await connect("memory:", { serializer: structured });
  await kv.set("k", new Map([["a", new Date(5)]]));
  expect((await kv.get("k")).get("a").getTime()).toBe(5);
  await put("k", { a: 1 });
  expect(await get("k")).toEqual({ a: 1 });
});

test("a server", async () => {
  const kv = await connect(process.env.REDIS_URL);
  await Promise.all([kv.set("k", "ü".repeat(100_000)), kv.rpush("l", Buffer.from([255]), "b")]);
  expect(await kv.get("k")).toBe("ü".repeat(100_000));
  expect((await kv.lrange("l", 0, -1, { as: "bytes" })).map(([first]) => first)).toEqual([255, 98]);
  await kv.close();
});

test("records, a consumer and a schedule", async () => {
  const kv = await connect("memory:");
  await kv.records.put("a", -1, { n: 1 });
  for await (const [change] of kv.consumer("c")) {
    expect(change.record.value).toEqual({ n: 1 });
    break;
  }
  const schedule = await kv.tasks.schedule("report", "*/5 * * * *");
  await schedule.stop();
  expect((await kv.tasks.list())[0].scheduledFor % 300_000).toBe(0);
});
