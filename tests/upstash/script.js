// The calls of Upstash's official client: every family of commands, with the client's own methods. Which server answers
// does not matter: all answers must be equal.

const sorted = (items) => [...items].sort();
/** Servers print distances and coordinates with different precision. */
const rounded = (number) => (number === null ? null : Number(number).toFixed(3));
const byName = (object) => Object.fromEntries(Object.entries(object ?? {}).sort());

/** The remaining TTL, with some tolerance for slow machines. */
const left = async (ttl, told) => {
  const seconds = await ttl;
  return seconds > told - 40 && seconds <= told ? told : seconds;
};

/** A whole scan. */
async function drained(page) {
  const found = new Set();
  let cursor = "0";
  do {
    const [next, items] = await page(cursor);
    for (const item of items) found.add(String(item));
    cursor = String(next);
  } while (cursor !== "0");
  return sorted(found);
}

const odd = [
  "",
  "OK",
  "ünï ☃ 🎈",
  'a"b\\c\n\r\t',
  "\u0000\u0001",
  "T0s=",
  "null",
  "{not json",
  "  x ",
  "1e3",
  "007",
];

/** The client chains operations of `bitfield` in a pipeline of ours only: its automatic pipelining has no such chain. */
const bits = (r) => r.pipeline().bitfield("f");

/** Calls by name; each runs on an empty store. */
export const questions = {
  ping: (r) => r.ping(),
  echo: (r) => r.echo("hello"),
  "set and get": async (r) => [
    await r.set("k", "v"),
    await r.get("k"),
    await r.get("none"),
    await r.type("k"),
  ],
  "set with conditions": async (r) => [
    await r.set("k", "a", { nx: true }),
    await r.set("k", "b", { nx: true }),
    await r.set("k", "c", { xx: true, get: true }),
    await r.set("none", "d", { xx: true }),
    await r.get("k"),
  ],
  "numbers as text": async (r) => [
    await r.set("n", 10),
    await r.incr("n"),
    await r.incrby("n", 5),
    await r.decr("n"),
    await r.decrby("n", 20),
    await r.incrbyfloat("n", 0.5),
    await r.get("n"),
  ],
  "parts of strings": async (r) => [
    await r.append("k", "hello"),
    await r.append("k", " world"),
    await r.strlen("k"),
    await r.getrange("k", 0, 4),
    await r.setrange("k", 6, "WORLD"),
    await r.get("k"),
  ],
  "getset, getdel, getex": async (r) => [
    await r.set("k", "a"),
    await r.getset("k", "b"),
    await r.getex("k", { ex: 100 }),
    await left(r.ttl("k"), 100),
    await r.getex("k", { persist: true }),
    await r.ttl("k"),
    await r.getdel("k"),
    await r.get("k"),
  ],
  "many strings": async (r) => [
    await r.mset({ a: "1", b: "two" }),
    await r.mget("a", "none", "b"),
    await r.msetnx({ b: "x", c: "y" }),
    await r.msetnx({ c: "y" }),
    await r.setnx("d", "z"),
    await r.setex("e", 100, "t"),
    await r.psetex("f", 100_000, "t"),
    await left(r.ttl("e"), 100),
    await left(r.ttl("f"), 100),
  ],
  "JSON values": async (r) => [
    await r.set("o", { name: "Alice", tags: ["a", 1, null, true], deep: { n: 1.5 } }),
    await r.get("o"),
    await r.set("l", [1, 2, { x: null }]),
    await r.get("l"),
    await r.set("t", true),
    await r.get("t"),
    await r.mset({ p: { q: 1 } }),
    await r.mget("p", "o"),
    await r.rpush("q", { id: 1 }, { id: 2 }),
    await r.lrange("q", 0, -1),
    await r.hset("h", { u: { id: 7 }, n: null }),
    byName(await r.hgetall("h")),
    await r.sadd("s", { id: 1 }),
    await r.smembers("s"),
  ],
  "odd strings": async (r) => {
    for (const [index, text] of odd.entries()) await r.set(`odd:${index}`, text);
    return [
      await r.mget(...odd.map((_, index) => `odd:${index}`)),
      await r.rpush("l", ...odd),
      await r.lrange("l", 0, -1),
      await r.set("ключ 🗝 / ? & # %", "v"),
      await r.get("ключ 🗝 / ? & # %"),
    ];
  },
  expiry: async (r) => [
    await r.set("k", "v", { ex: 100 }),
    await left(r.ttl("k"), 100),
    await r.persist("k"),
    await r.ttl("k"),
    await r.expire("k", 50),
    await r.expire("k", 500, "LT"),
    await r.expire("k", 500, "GT"),
    await left(r.ttl("k"), 500),
    await r.pexpire("k", 60_000),
    await left(r.ttl("k"), 60),
    await r.expireat("k", 4_000_000_000),
    (await r.ttl("k")) > 2e8,
    await r.pexpireat("k", 4_100_000_000_000),
    (await r.ttl("k")) > 3e8,
    await r.set("k", "w", { keepTtl: true }),
    (await r.ttl("k")) > 3e8,
    await r.ttl("none"),
    await r.pttl("none"),
    await r.expire("none", 5),
    await r.expire("k", -1),
    await r.exists("k"),
  ],
  keys: async (r) => [
    await r.mset({ "user:1": "a", "user:2": "b", other: "c" }),
    sorted(await r.keys("user:*")),
    await r.exists("user:1", "user:2", "none"),
    await r.rename("other", "renamed"),
    await r.renamenx("renamed", "user:1"),
    await r.copy("user:1", "copied"),
    await r.touch("user:1", "none"),
    await r.unlink("user:2", "none"),
    await r.del("user:1", "none"),
    await r.dbsize(),
    ["copied", "renamed"].includes(await r.randomkey()),
    await r.flushdb(),
    await r.dbsize(),
  ],
  lists: async (r) => [
    await r.rpush("l", "b", "c"),
    await r.lpush("l", "a"),
    await r.lpushx("none", "x"),
    await r.rpushx("l", "d"),
    await r.llen("l"),
    await r.lrange("l", 0, -1),
    await r.lindex("l", -1),
    await r.lset("l", 0, "A"),
    await r.linsert("l", "before", "b", "a2"),
    await r.lpos("l", "b"),
    await r.lrem("l", 1, "a2"),
    await r.lmove("l", "m", "left", "right"),
    await r.ltrim("l", 0, 1),
    await r.lpop("l"),
    await r.rpop("l"),
    await r.lpop("l"),
    await r.exists("l"),
    await r.rpush("p", 1, 2, 3),
    await r.lpop("p", 2),
    await r.type("p"),
  ],
  hashes: async (r) => [
    await r.hset("h", { a: "1", b: "2" }),
    await r.hset("h", { b: "3", c: "4" }),
    await r.hget("h", "b"),
    await r.hget("h", "none"),
    await r.hmget("h", "a", "none"),
    byName(await r.hgetall("h")),
    await r.hgetall("none"),
    await r.hexists("h", "a"),
    await r.hlen("h"),
    sorted(await r.hkeys("h")),
    sorted(await r.hvals("h")),
    await r.hincrby("h", "a", 5),
    await r.hincrbyfloat("h", "a", 0.5),
    await r.hsetnx("h", "a", "x"),
    await r.hstrlen("h", "a"),
    await r.hmset("h", { d: "5" }),
    ["a", "b", "c", "d"].includes(await r.hrandfield("h")),
    await r.hdel("h", "a", "none"),
  ],
  "sorted sets": async (r) => [
    await r.zadd("z", { score: 1, member: "a" }, { score: 2.5, member: "b" }, { score: 3, member: "c" }),
    await r.zadd("z", { nx: true }, { score: 9, member: "a" }, { score: 4, member: "d" }),
    await r.zadd("z", { xx: true, gt: true, ch: true }, { score: 5, member: "a" }),
    await r.zadd("z", { incr: true }, { score: 0.5, member: "b" }),
    await r.zadd("z", { incr: true, nx: true }, { score: 1, member: "b" }),
    await r.zincrby("z", 1.5, "d"),
    await r.zscore("z", "b"),
    await r.zscore("z", "none"),
    await r.zmscore("z", ["a", "none"]),
    await r.zcard("z"),
    await r.zrank("z", "a"),
    await r.zrank("z", "none"),
    await r.zrevrank("z", "a"),
    await r.zcount("z", "(3", "+inf"),
    await r.type("z"),
    await r.zrem("z", "a", "none"),
    await r.zscore("none", "a"),
  ],
  "ranges of sorted sets": async (r) => [
    await r.zadd("z", { score: 1, member: "a" }, { score: 2, member: "b" }, { score: 3, member: "c" }),
    await r.zrange("z", 0, -1),
    await r.zrange("z", 0, -1, { withScores: true }),
    await r.zrange("z", 0, 1, { rev: true }),
    await r.zrange("z", "(1", "+inf", { byScore: true }),
    await r.zrange("z", "+inf", 1, { byScore: true, rev: true, offset: 1, count: 1, withScores: true }),
    await r.zadd("y", { score: 0, member: "a" }, { score: 0, member: "b" }, { score: 0, member: "c" }),
    await r.zrange("y", "[b", "+", { byLex: true }),
    await r.zlexcount("y", "-", "(c"),
    await r.zremrangebylex("y", "[a", "[a"),
    await r.zremrangebyscore("z", 3, 9),
    await r.zremrangebyrank("z", 0, 0),
    await r.zpopmin("z"),
    await r.zpopmin("z"),
    await r.zpopmax("y", 5),
    await r.exists("y", "z"),
    await r.zrange("none", 0, -1),
  ],
  "algebra of sorted sets": async (r) => [
    await r.zadd("a", { score: 1, member: "x" }, { score: 2, member: "y" }),
    await r.zadd("b", { score: 10, member: "y" }, { score: 20, member: "z" }),
    await r.zunion(2, ["a", "b"], { withScores: true }),
    await r.zunion(2, ["a", "b"], { weights: [2, 0.5], aggregate: "max" }),
    await r.zunionstore("u", 2, ["a", "b"]),
    await r.zinterstore("i", 2, ["a", "b"], { aggregate: "min" }),
    await r.zdiffstore("e", 2, "a", "b"),
    await r.zrange("u", 0, -1, { withScores: true }),
    await r.zrange("i", 0, -1, { withScores: true }),
    await r.zrange("e", 0, -1, { withScores: true }),
    sorted((await r.zscan("u", "0", { count: 100 }))[1].map(String)),
    await r.zscan("u", "0", { match: "x" }),
  ],
  places: async (r) => [
    await r.geoadd(
      "g",
      { longitude: 13.361389, latitude: 38.115556, member: "Palermo" },
      { longitude: 15.087269, latitude: 37.502669, member: "Catania" },
    ),
    await r.geoadd("g", { xx: true, ch: true }, { longitude: 15.087269, latitude: 37.502669, member: "x" }),
    rounded(await r.geodist("g", "Palermo", "Catania", "KM")),
    await r.geodist("g", "Palermo", "none"),
    await r.geohash("g", "Palermo", "none"),
    (await r.geopos("g", "Palermo", "none")).map((at) => at && [rounded(at.lng), rounded(at.lat)]),
    await r.geosearch(
      "g",
      { type: "FROMLONLAT", coordinate: { lon: 15, lat: 37 } },
      { type: "BYRADIUS", radius: 200, radiusType: "KM" },
      "ASC",
    ),
    (
      await r.geosearch(
        "g",
        { type: "FROMMEMBER", member: "Palermo" },
        { type: "BYBOX", rect: { width: 400, height: 400 }, rectType: "KM" },
        "DESC",
        { count: { limit: 2 }, withDist: true, withHash: true, withCoord: true },
      )
    ).map(({ member, dist, hash, coord }) => [
      member,
      rounded(dist),
      String(hash),
      rounded(coord.long),
      rounded(coord.lat),
    ]),
    await r.geosearchstore(
      "near",
      "g",
      { type: "FROMMEMBER", member: "Palermo" },
      { type: "BYRADIUS", radius: 200, radiusType: "KM" },
      "ASC",
      { count: { limit: 1, any: true } },
    ),
    await r.zcard("near"),
  ],
  bitmaps: async (r) => [
    await r.setbit("b", 7, 1),
    await r.setbit("b", 7, 0),
    await r.setbit("b", 100, 1),
    await r.getbit("b", 100),
    await r.getbit("b", 1000),
    await r.set("k", "foobar"),
    await r.bitcount("k", 0, -1),
    await r.bitcount("k", 1, 1),
    await r.bitpos("k", 1),
    await r.bitpos("k", 0, 2),
    await r.bitpos("k", 1, 2, 3),
    await r.set("l", "abcdef"),
    await r.bitop("and", "d", "k", "l"),
    await r.get("d"),
    await r.bitop("or", "d", "k", "l"),
    await r.bitop("xor", "d", "k", "l"),
    await r.bitop("not", "d", "k"),
    await r.bitcount("d", 0, -1),
    await bits(r).set("u8", 0, 250).incrby("u8", 0, 10).get("u8", 0).exec().exec(),
    await bits(r).overflow("SAT").incrby("u8", "#1", 300).get("i8", "#1").exec().exec(),
    await bits(r).overflow("FAIL").incrby("u8", 0, -100).exec().exec(),
    await bits(r).get("i5", 3).exec().exec(),
    await r.pipeline().setbit("b", 3, 1).getbit("b", 3).bitcount("b", 0, -1).exec(),
  ],
  hyperloglogs: async (r) => [
    await r.pfadd("h", "a", "b", "c"),
    await r.pfadd("h", "a"),
    await r.pfcount("h"),
    await r.pfadd("i", ...Array.from({ length: 500 }, (_, index) => `m${index}`)),
    await r.pfcount("h", "i"),
    await r.pfmerge("d", "h", "i"),
    await r.pfcount("d"),
    await r.pfcount("none"),
    await r.type("h"),
    await r.pipeline().pfadd("h", "d").pfcount("h").exec(),
  ],
  sets: async (r) => [
    await r.sadd("s", "a", "b", "c"),
    await r.sadd("s", "a", "d"),
    await r.scard("s"),
    sorted(await r.smembers("s")),
    await r.sismember("s", "a"),
    await r.smismember("s", ["a", "none"]),
    await r.srem("s", "d", "none"),
    await r.sadd("t", "b", "x"),
    await r.smove("s", "t", "c"),
    sorted(await r.sinter("s", "t")),
    sorted(await r.sunion("s", "t")),
    sorted(await r.sdiff("t", "s")),
    await r.sinterstore("i", "s", "t"),
    await r.sunionstore("u", "s", "t"),
    await r.sdiffstore("d", "s", "t"),
    ["a", "b"].includes(await r.srandmember("s")),
    ["a", "b"].includes(await r.spop("s")),
  ],
  scans: async (r) => {
    const many = Array.from({ length: 300 }, (_, index) => `item:${index}`);
    await r.mset(Object.fromEntries(many.map((name) => [name, "v"])));
    await r.sadd("set", ...many);
    await r.hset("hash", Object.fromEntries(many.map((name) => [name, "v"])));
    return [
      await drained((cursor) => r.scan(cursor, { match: "item:*", count: 50 })),
      await drained((cursor) => r.scan(cursor, { type: "hash" })),
      await drained((cursor) => r.sscan("set", cursor, { match: "*9" })),
      await drained((cursor) => r.hscan("hash", cursor, { match: "*99", count: 20 })),
    ];
  },
  pipeline: async (r) => r.pipeline().set("k", { a: 1 }).get("k").incr("n").lpush("l", "x").exec(),
  "a pipeline with errors kept": async (r) =>
    r.pipeline().set("k", "text").incr("k").get("k").exec({ keepErrors: true }),
  multi: async (r) => r.multi().set("k", "1").incr("k").expire("k", 60).ttl("k").get("k").exec(),
  "automatic pipelining": async (r) => {
    const results = await Promise.all([
      r.set("a", "1"),
      r.incr("n"),
      r.hset("h", { f: "v" }),
      r.sadd("s", "m"),
    ]);
    return [results, await Promise.all([r.get("a"), r.get("n"), r.hget("h", "f"), r.smembers("s")])];
  },
};

/** Calls that must fail, with the client's messages. */
export const faults = {
  "wrong type": async (r) => {
    await r.set("k", "text");
    await r.lpush("k", "x");
  },
  "not an integer": async (r) => {
    await r.set("k", "text");
    await r.incr("k");
  },
  "no such key": (r) => r.rename("none", "other"),
  "index out of range": async (r) => {
    await r.rpush("l", "a");
    await r.lset("l", 9, "x");
  },
  "past 64 bits": async (r) => {
    await r.set("n", "9223372036854775807");
    await r.incr("n");
  },
  "a hash's text": async (r) => {
    await r.hset("h", { f: "text" });
    await r.hincrby("h", "f", 1);
  },
  "expiry of nothing": (r) => r.set("k", "v", { ex: -1 }),
  "no HyperLogLog": async (r) => {
    await r.set("k", "text");
    await r.pfadd("k", "x");
  },
  "an impossible integer": (r) => bits(r).get("u64", 0).exec().exec(),
  "in a pipeline": async (r) => {
    await r.pipeline().set("k", "text").incr("k").exec();
  },
};
