// The examples of the Lokstra seed (KvStore on Redis) about values, patterns, lifetimes and named stores.

import { connect, createStores } from "omnikv";
import { assert, clock, fails, isUnreachable } from "./support.js";

const OTP_TTL = "5m";
const SESSION_TTL = "24h";
const HOUR = "1h";

/** The seed's store: JSON values under a prefix. */
const cache = (options) => connect("memory:", { serializer: "json", prefix: "myapp", ...options });

/** A database that counts its queries. */
function repository() {
  const rows = new Map([[123, { ID: 123, Name: "John", Email: "john@example.com" }]]);
  return {
    reads: 0,
    async getById(id) {
      this.reads++;
      const row = rows.get(id);
      if (row === undefined) throw new RangeError("user not found");
      return { ...row };
    },
    async update(user) {
      rows.set(user.ID, { ...user });
    },
    async delete(id) {
      rows.delete(id);
    },
  };
}

export const lokstra = {
  "lokstra: Set and Get Different Types: struct, map, slice, primitives": async () => {
    const kv = await cache();
    const user = { ID: 123, Name: "John", Email: "john@example.com" };
    await kv.set("user:123", user, { ttl: HOUR });
    assert.deepEqual(await kv.get("user:123"), user);
    await kv.set("user:123", { id: 123, name: "John", email: "john@example.com" }, { ttl: HOUR });
    assert.equal((await kv.get("user:123")).name, "John");
    await kv.set("user:123:tags", ["go", "redis", "cache"], { ttl: HOUR });
    assert.deepEqual(await kv.get("user:123:tags"), ["go", "redis", "cache"]);
    await kv.set("counter", 42, { ttl: 0 });
    assert.strictEqual(await kv.get("counter"), 42);
    assert.equal(await kv.ttl("counter"), -1);
    await kv.set("message", "Hello, World!", { ttl: "10m" });
    assert.equal(await kv.get("message"), "Hello, World!");
    assert.equal(await kv.ttl("message"), 600);
  },

  "lokstra: Handle Missing Keys: null, a default, or a custom error": async () => {
    const kv = await cache();
    assert.isNull(await kv.get("user:404"));
    assert.deepEqual(await kv.get("user:404", { default: { Name: "Unknown" } }), { Name: "Unknown" });
  },

  "lokstra: JSON Serialization of nested structs": async () => {
    const kv = await cache();
    const profile = {
      ID: 123,
      Name: "John Doe",
      Settings: { theme: "dark", lang: "en" },
      Tags: ["premium", "verified"],
      Metadata: { CreatedAt: "2024-01-01T00:00:00Z", UpdatedAt: "2024-06-01T00:00:00Z" },
    };
    await kv.set("profile:123", profile, { ttl: HOUR });
    assert.deepEqual(await kv.get("profile:123"), profile);
  },

  "lokstra: Delete, DeleteKeys, Keys, Bulk Delete by Pattern": async () => {
    const kv = await cache();
    await kv.mset({ "user:1": {}, "user:2": {}, "user:3": {}, "session:a": {}, "session:b": {} });
    await kv.del("user:1");
    assert.deepEqual((await kv.keys("user:*")).sort(), ["user:2", "user:3"], "the prefix is taken off");
    assert.equal(await kv.del(["user:2", "user:3", "user:4"]), 2);
    const sessions = await kv.keys("session:*");
    if (sessions.length > 0) await kv.del(sessions);
    assert.deepEqual(await kv.keys("*"), []);
  },

  "lokstra: TTL patterns": async () => {
    const { read, advance } = clock();
    const kv = await cache({ clock: read });
    await kv.set("otp:user123", "123456", { ttl: OTP_TTL });
    await kv.set("session:abc", { UserID: "1" }, { ttl: SESSION_TTL });
    await kv.set("cache:users", [1, 2], { ttl: HOUR });
    await kv.set("config:app", { debug: false }, { ttl: 0 });
    advance(5 * 60);
    assert.deepEqual((await kv.keys("*")).sort(), ["cache:users", "config:app", "session:abc"]);
    advance(55 * 60);
    assert.deepEqual((await kv.keys("*")).sort(), ["config:app", "session:abc"]);
    advance(23 * 60 * 60);
    assert.deepEqual(await kv.keys("*"), ["config:app"]);
  },

  "lokstra: Cache-Aside, written out and as one call": async () => {
    const kv = await cache();
    const users = repository();
    const getUser = async (id) => {
      const found = await kv.get(`user:${id}`);
      if (found !== null) return found;
      const user = await users.getById(id);
      await kv.set(`user:${id}`, user, { ttl: HOUR });
      return user;
    };
    assert.equal((await getUser(123)).Name, "John");
    assert.equal((await getUser(123)).Name, "John");
    assert.equal(users.reads, 1);
    await kv.del("user:123");
    const aside = (id) => kv.getOrSet(`user:${id}`, () => users.getById(id), { ttl: HOUR });
    const answers = await Promise.all([aside(123), aside(123), aside(123)]);
    assert.deepEqual(
      answers.map(({ Name }) => Name),
      ["John", "John", "John"],
    );
    assert.equal(users.reads, 2, "once for all who wait");
    assert.equal(await kv.ttl("user:123"), 3600);
    let thrown;
    await aside(404).catch((error) => (thrown = error));
    assert.instanceOf(thrown, RangeError);
    assert.isFalse(await kv.exists("user:404"));
  },

  "lokstra: Write-Through and Cache Invalidation": async () => {
    const kv = await cache();
    const users = repository();
    const updateUser = async (user) => {
      await users.update(user);
      await kv.set(`user:${user.ID}`, user, { ttl: HOUR });
    };
    const deleteUser = async (id) => {
      await users.delete(id);
      await kv.del(`user:${id}`);
    };
    await updateUser({ ID: 123, Name: "Jane" });
    assert.deepEqual(await kv.get("user:123"), { ID: 123, Name: "Jane" });
    await deleteUser(123);
    assert.isNull(await kv.get("user:123"));
  },

  "lokstra: Error Handling: continue after a value that cannot be written": async () => {
    const kv = await cache();
    await fails(() => kv.set("k", { chan: () => {} }), "invalid-argument");
    assert.equal(await kv.set("k", "fine"), "OK");
  },

  "lokstra: User Cache Repository": async () => {
    const kv = await cache();
    const db = repository();
    const cached = {
      getById: (id) => kv.getOrSet(`user:${id}`, () => db.getById(id), { ttl: HOUR }),
      async update(user) {
        await db.update(user);
        await kv.del(`user:${user.ID}`);
      },
      async delete(id) {
        await db.delete(id);
        await kv.del(`user:${id}`);
      },
    };
    assert.equal((await cached.getById(123)).Name, "John");
    await cached.update({ ID: 123, Name: "Jane" });
    assert.equal((await cached.getById(123)).Name, "Jane");
    assert.equal((await cached.getById(123)).Name, "Jane");
    assert.equal(db.reads, 2);
    await cached.delete(123);
    assert.isFalse(await kv.exists("user:123"));
  },

  "lokstra: OTP Service: single use, five minutes": async () => {
    const { read, advance } = clock();
    const kv = await cache({ clock: read });
    const generate = async (user) => {
      const digits = globalThis.crypto.getRandomValues(new Uint8Array(6));
      const otp = Array.from(digits, (byte) => byte % 10).join("");
      await kv.set(`otp:${user}`, otp, { ttl: OTP_TTL });
      return otp;
    };
    // The seed reads, compares and deletes; atomically, no code is accepted twice.
    const verify = (user, otp) => kv.compareAndDelete(`otp:${user}`, otp);
    const otp = await generate("u1");
    assert.match(otp, /^\d{6}$/);
    assert.isFalse(await verify("u1", `${otp}0`));
    assert.isTrue(await verify("u1", otp));
    assert.isFalse(await verify("u1", otp), "single use");
    const late = await generate("u1");
    advance(300);
    assert.isFalse(await verify("u1", late), "expired");
  },

  "lokstra: Rate Limiter on JSON values": async () => {
    const { read, advance } = clock();
    const kv = await cache({ clock: read });
    const limit = 3;
    const check = async (identifier) => {
      let exceeded = false;
      const info = await kv.update(
        `ratelimit:${identifier}`,
        (before) => {
          const { Count } = before ?? { Count: 0 };
          exceeded = Count >= limit;
          return exceeded ? undefined : { Count: Count + 1, Limit: limit };
        },
        { ttl: "1m" },
      );
      return { exceeded, info };
    };
    const answers = await Promise.all(Array.from({ length: 5 }, () => check("ip")));
    assert.lengthOf(
      answers.filter(({ exceeded }) => exceeded),
      2,
      "no two callers count as one",
    );
    assert.deepEqual(await kv.get("ratelimit:ip"), { Count: 3, Limit: 3 });
    assert.isTrue((await check("ip")).exceeded);
    advance(60);
    assert.deepEqual(await check("ip"), { exceeded: false, info: { Count: 1, Limit: 3 } });
  },

  "lokstra: Session Manager: create, get, refresh, delete, all of a user": async () => {
    const { read, advance } = clock();
    const stores = await createStores({
      session_cache: { url: "memory:", prefix: "sessions", serializer: "json", clock: read },
    });
    const kv = stores.session_cache;
    let next = 0;
    const manager = {
      async create(data) {
        const id = `id-${++next}`;
        await kv.set(`session:${id}`, data, { ttl: 3600 });
        return id;
      },
      get: (id) => kv.get(`session:${id}`),
      refresh: (id) => kv.expire(`session:${id}`, 3600),
      delete: (id) => kv.del(`session:${id}`),
      async deleteUserSessions(user) {
        const mine = [];
        for (const [key, data] of await kv.range("session:")) if (data?.UserID === user) mine.push(key);
        return mine.length > 0 ? kv.del(mine) : 0;
      },
    };
    const data = { UserID: "u1", TenantID: "t1", Metadata: { theme: "dark" } };
    const one = await manager.create(data);
    const two = await manager.create({ ...data, Metadata: null });
    const other = await manager.create({ UserID: "u2", TenantID: "t1", Metadata: {} });
    assert.deepEqual(await manager.get(one), data);
    advance(3000);
    assert.isTrue(await manager.refresh(one));
    advance(3000);
    assert.deepEqual(await manager.get(one), data, "refreshed");
    assert.isNull(await manager.get(two), "expired");
    const again = await manager.create(data);
    const theirs = await manager.create({ UserID: "u2", TenantID: "t1", Metadata: {} });
    assert.equal(await manager.delete(other), 0, "expired too");
    assert.equal(await manager.deleteUserSessions("u1"), 2);
    assert.isNull(await manager.get(one));
    assert.isNull(await manager.get(again));
    assert.isNotNull(await manager.get(theirs));
    assert.equal(await manager.deleteUserSessions("u1"), 0);
    await stores.close();
  },

  "lokstra: Multiple KvStore Instances from one configuration": async () => {
    const services = {
      user_cache: { type: "kvstore_memory", config: { prefix: "users" } },
      session_cache: { type: "kvstore_memory", config: { prefix: "sessions" } },
      ratelimit_cache: { type: "kvstore_memory", config: { prefix: "ratelimit" } },
    };
    const stores = await createStores(services);
    await stores.user_cache.set("k", { of: "users" });
    assert.isNull(await stores.session_cache.get("k"));
    assert.deepEqual(await stores.user_cache.get("k"), { of: "users" });
    await stores.close();
    const config = { addr: "127.0.0.1:1", db: 0, prefix: "myapp", retries: 0 };
    await isUnreachable(async () => {
      const { cache } = await createStores({ cache: { type: "kvstore_redis", config } });
      await cache.get("k");
    });
  },
};
