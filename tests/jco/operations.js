// Every operation: its arguments, its options, the WIT call, and the conversion of the answer.

import {
  choice,
  decimal,
  entries,
  expiry,
  flag,
  integer,
  natural,
  oneOf,
  optional,
  rest,
  text,
  ttl,
  value,
} from "./arguments.js";
import * as answer from "./answers.js";

const READ = { as: oneOf("bytes") };
const TIME = { ttl, ttlMs: natural, expireAt: natural, keepTtl: flag };
const CONDITION = { nx: flag, xx: flag, gt: flag, lt: flag };
const MATCH = { match: value, count: natural };
const side = oneOf("left", "right");
const object = Object.assign(entries(text), { takesObject: true });
const fields = Object.assign(entries(value), { takesObject: true });
const field = (given) =>
  typeof given === "object" && !(given instanceof Uint8Array) ? fields(given) : value(given);

const expireCondition = (options) =>
  options.xx && options.lt
    ? "earlier-with-deadline"
    : choice(options, { nx: "without-deadline", xx: "with-deadline", gt: "later", lt: "earlier" });

/** `call` gets the interfaces bound to a store, the arguments, then the options. */
const operation = (readers, options, call, reply) => ({ readers, options, call, reply });

/** An operation that passes its arguments to the WIT function unchanged. */
const straight = (path, readers, reply, options = {}) => {
  const [family, name] = path.split(".");
  return operation(readers, options, (kv, given) => kv[family][name](...given), reply);
};

const expiring = (name, unit) =>
  operation(
    [text, unit],
    CONDITION,
    (kv, given, options) => kv.keyspace[name](...given, expireCondition(options)),
    answer.flag,
  );

const key = [text];
const keys = [rest(text)];
const { read } = answer;

export const OPERATIONS = {
  del: straight("keyspace.del", keys, answer.number),
  exists: straight("keyspace.exists", key, answer.flag),
  keys: straight("keyspace.keys", [text], read),
  scan: operation(
    [text],
    { match: text, count: natural, type: oneOf("string", "list", "hash", "set") },
    (kv, [cursor], options) => kv.keyspace.scan(cursor, options),
    answer.page("keys"),
  ),
  type: straight("keyspace.keyType", key, answer.type),
  rename: straight("keyspace.rename", [text, text], answer.done),
  renamenx: straight("keyspace.renamenx", [text, text], answer.flag),
  copy: operation(
    [text, text],
    { replace: flag },
    (kv, given, options) => kv.keyspace.copy(...given, options.replace ?? false),
    answer.flag,
  ),
  touch: straight("keyspace.touch", keys, answer.number),
  randomkey: straight("keyspace.randomkey", [], read),
  expire: expiring("expire", integer),
  pexpire: expiring("pexpire", integer),
  expireat: expiring("expireat", integer),
  pexpireat: expiring("pexpireat", integer),
  expiretime: straight("keyspace.expiretime", key, answer.number),
  pexpiretime: straight("keyspace.pexpiretime", key, answer.number),
  ttl: straight("keyspace.ttl", key, answer.number),
  pttl: straight("keyspace.pttl", key, answer.number),
  persist: straight("keyspace.persist", key, answer.flag),
  range: operation(
    [text, optional(text)],
    { after: text, limit: natural, reverse: flag, values: flag, ...READ },
    (kv, given, { values, ...options }) =>
      kv.keyspace.range(...given, { reverse: false, keysOnly: values === false, ...options }),
    (reply, options) =>
      options.values === false ? answer.pairs(reply, {}).map(([name]) => name) : answer.pairs(reply, options),
  ),
  count: operation(
    [optional(text), optional(text)],
    {},
    (kv, [start, end]) => kv.keyspace.count(start ?? "", end),
    answer.number,
  ),
  deleteRange: straight("keyspace.deleteRange", [text, optional(text)], answer.number),
  flush: operation([], {}, (kv) => kv.connection.flush(false), answer.done),
  stats: straight("connection.stats", [], answer.facts),
  capabilities: straight("connection.capabilities", [], answer.facts),

  get: operation(
    key,
    READ,
    (kv, given, options) => (options.as ? kv.strings.getBytes(...given) : kv.strings.get(...given)),
    read,
  ),
  getBytes: straight("strings.getBytes", key, answer.bytes),
  set: operation(
    [text, value],
    { ...TIME, nx: flag, xx: flag, get: flag, ...READ },
    (kv, given, options) => {
      const condition = choice(options, { nx: "missing", xx: "present" });
      const said = { expiry: expiry(options), condition };
      return options.get ? kv.strings.setAndGet(...given, said) : kv.strings.set(...given, said);
    },
    answer.written,
  ),
  append: straight("strings.append", [text, value], answer.number),
  strlen: straight("strings.strlen", key, answer.number),
  getrange: straight("strings.getrange", [text, integer, integer], read, READ),
  getbit: straight("strings.getbit", [text, natural], answer.number),
  setrange: straight("strings.setrange", [text, natural, value], answer.number),
  getset: operation(
    [text, value],
    { ...TIME, ...READ },
    (kv, given, options) => kv.strings.getset(...given, expiry(options)),
    read,
  ),
  getdel: straight("strings.getdel", key, read, READ),
  getex: operation(
    key,
    { ttl, ttlMs: natural, expireAt: natural, persist: flag, ...READ },
    (kv, given, options) => kv.strings.getex(...given, expiry(options)),
    read,
  ),
  incr: straight("strings.incr", key, answer.number),
  decr: straight("strings.decr", key, answer.number),
  incrby: straight("strings.incrby", [text, integer], answer.number),
  decrby: straight("strings.decrby", [text, integer], answer.number),
  incrbyfloat: straight("strings.incrbyfloat", [text, decimal], answer.float),
  mget: straight("strings.mget", keys, read, READ),
  mset: operation(
    [object],
    TIME,
    (kv, given, options) => kv.strings.mset(...given, expiry(options)),
    answer.done,
  ),
  msetnx: operation(
    [object],
    TIME,
    (kv, given, options) => kv.strings.msetnx(...given, expiry(options)),
    answer.flag,
  ),
  compareAndSet: operation(
    [text, optional(value), value],
    TIME,
    (kv, given, options) => kv.strings.compareAndSet(...given, expiry(options)),
    answer.flag,
  ),
  compareAndDelete: straight("strings.compareAndDelete", [text, value], answer.flag),

  lpush: straight("lists.lpush", [text, rest(value)], answer.number),
  rpush: straight("lists.rpush", [text, rest(value)], answer.number),
  lpushx: straight("lists.lpushx", [text, rest(value)], answer.number),
  rpushx: straight("lists.rpushx", [text, rest(value)], answer.number),
  lpop: operation(
    [text, optional(natural)],
    READ,
    (kv, [name, many]) => (many === undefined ? kv.lists.lpop(name) : kv.lists.lpopCount(name, many)),
    read,
  ),
  rpop: operation(
    [text, optional(natural)],
    READ,
    (kv, [name, many]) => (many === undefined ? kv.lists.rpop(name) : kv.lists.rpopCount(name, many)),
    read,
  ),
  lrange: straight("lists.lrange", [text, integer, integer], read, READ),
  llen: straight("lists.llen", key, answer.number),
  lindex: straight("lists.lindex", [text, integer], read, READ),
  lpos: operation(
    [text, value],
    { rank: integer, count: natural, maxLen: natural },
    (kv, given, { count, ...options }) =>
      count === undefined ? kv.lists.lpos(...given, options) : kv.lists.lposAll(...given, count, options),
    answer.number,
  ),
  lset: straight("lists.lset", [text, integer, value], answer.done),
  lrem: straight("lists.lrem", [text, integer, value], answer.number),
  ltrim: straight("lists.ltrim", [text, integer, integer], answer.done),
  linsert: straight("lists.linsert", [text, oneOf("before", "after"), value, value], answer.number),
  lmpop: operation(
    [(given) => given.map(text), side],
    { count: natural, ...READ },
    (kv, given, { count }) => kv.lists.lmpop(...given, count ?? 1n),
    answer.keyed,
  ),
  lmove: straight("lists.lmove", [text, text, side, side], read, READ),

  hset: operation(
    [text, Object.assign(field, { takesObject: true }), optional(value)],
    {},
    (kv, [name, given, item]) => {
      if (Array.isArray(given) && item === undefined) return kv.hashes.hsetMany(name, given);
      return kv.hashes.hset(name, given, item ?? value(item));
    },
    (reply) => (typeof reply === "bigint" ? answer.number(reply) : reply),
  ),
  hget: straight("hashes.hget", [text, value], read, READ),
  hmget: straight("hashes.hmget", [text, rest(value)], read, READ),
  hgetall: straight("hashes.hgetall", key, answer.object, READ),
  hdel: straight("hashes.hdel", [text, rest(value)], answer.number),
  hexists: straight("hashes.hexists", [text, value], answer.flag),
  hlen: straight("hashes.hlen", key, answer.number),
  hkeys: straight("hashes.hkeys", key, read, READ),
  hvals: straight("hashes.hvals", key, read, READ),
  hstrlen: straight("hashes.hstrlen", [text, value], answer.number),
  hincrby: straight("hashes.hincrby", [text, value, integer], answer.number),
  hincrbyfloat: straight("hashes.hincrbyfloat", [text, value, decimal], answer.float),
  hsetnx: straight("hashes.hsetnx", [text, value, value], answer.flag),
  hrandfield: operation(
    [text, optional(integer)],
    { withValues: flag, ...READ },
    (kv, [name, many], { withValues }) => {
      if (many === undefined) return kv.hashes.hrandfield(name);
      return withValues ? kv.hashes.hrandfieldWithValues(name, many) : kv.hashes.hrandfieldCount(name, many);
    },
    read,
  ),
  hscan: operation(
    [text, text],
    { ...MATCH, ...READ },
    (kv, given, options) => kv.hashes.hscan(...given, options),
    answer.page("entries"),
  ),

  sadd: straight("sets.sadd", [text, rest(value)], answer.number),
  srem: straight("sets.srem", [text, rest(value)], answer.number),
  smembers: straight("sets.smembers", key, read, READ),
  sismember: straight("sets.sismember", [text, value], answer.flag),
  smismember: straight("sets.smismember", [text, rest(value)], answer.flags),
  scard: straight("sets.scard", key, answer.number),
  spop: operation(
    [text, optional(natural)],
    READ,
    (kv, [name, many]) => (many === undefined ? kv.sets.spop(name) : kv.sets.spopCount(name, many)),
    read,
  ),
  srandmember: operation(
    [text, optional(integer)],
    READ,
    (kv, [name, many]) =>
      many === undefined ? kv.sets.srandmember(name) : kv.sets.srandmemberCount(name, many),
    read,
  ),
  smove: straight("sets.smove", [text, text, value], answer.flag),
  sinter: straight("sets.sinter", keys, read, READ),
  sunion: straight("sets.sunion", keys, read, READ),
  sdiff: straight("sets.sdiff", keys, read, READ),
  sinterstore: straight("sets.sinterstore", [text, rest(text)], answer.number),
  sunionstore: straight("sets.sunionstore", [text, rest(text)], answer.number),
  sdiffstore: straight("sets.sdiffstore", [text, rest(text)], answer.number),
  sintercard: operation(
    [(given) => (Array.isArray(given) ? given.map(text) : [text(given)])],
    { limit: natural },
    (kv, [names], { limit }) => kv.sets.sintercard(names, limit),
    answer.number,
  ),
  sscan: operation(
    [text, text],
    { ...MATCH, ...READ },
    (kv, given, options) => kv.sets.sscan(...given, options),
    answer.page("members"),
  ),
};
for (const name of ["scan", "hscan", "sscan"]) {
  const { call } = OPERATIONS[name];
  OPERATIONS[name].call = (kv, given, { as: _, ...options }) => call(kv, given, options);
}
