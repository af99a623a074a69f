// The operations with options, or whose WIT function has another shape than the JavaScript method: arguments, options, the
// WIT call, and the conversion of the answer. All others follow from the table of commands (`plain.js`).

import {
  choice,
  entries,
  expiry,
  flag,
  integer,
  natural,
  oneOf,
  optional,
  text,
  ttl,
  value,
} from "./arguments.js";
import * as answer from "./answers.js";
import { PLAIN } from "./plain.js";

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

const bitRange = ([start, end, unit = "byte"]) => (start === undefined ? undefined : { start, end, unit });

/** `["incrby", "u8", "#1", 5]` as the WIT's variant. */
function bitOperation([name, type, offset, number]) {
  oneOf("get", "set", "incrby", "overflow")(name);
  if (name === "overflow") return { tag: name, val: oneOf("wrap", "sat", "fail")(type) };
  const bits = Number(type.slice(1));
  const index = String(offset).startsWith("#")
    ? natural(Number(offset.slice(1))) * BigInt(bits)
    : natural(offset);
  const place = { signed: type.startsWith("i"), bits, offset: index };
  return { tag: name, val: name === "get" ? place : [place, integer(number)] };
}

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
const { read } = answer;

export const OPERATIONS = {
  ...PLAIN,

  exists: straight("keyspace.exists", key, answer.flag),
  scan: operation(
    [text],
    { match: text, count: natural, type: oneOf("string", "list", "hash", "set", "zset") },
    (kv, [cursor], options) => kv.keyspace.scan(cursor, options),
    answer.page("keys"),
  ),
  type: straight("keyspace.keyType", key, answer.type),
  copy: operation(
    [text, text],
    { replace: flag },
    (kv, given, options) => kv.keyspace.copy(...given, options.replace ?? false),
    answer.flag,
  ),
  randomkey: straight("keyspace.randomkey", [], read),
  expire: expiring("expire", integer),
  pexpire: expiring("pexpire", integer),
  expireat: expiring("expireat", integer),
  pexpireat: expiring("pexpireat", integer),
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
  getset: operation(
    [text, value],
    { ...TIME, ...READ },
    (kv, given, options) => kv.strings.getset(...given, expiry(options)),
    read,
  ),
  getex: operation(
    key,
    { ttl, ttlMs: natural, expireAt: natural, persist: flag, ...READ },
    (kv, given, options) => kv.strings.getex(...given, expiry(options)),
    read,
  ),
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
  lpos: operation(
    [text, value],
    { rank: integer, count: natural, maxLen: natural },
    (kv, given, { count, ...options }) =>
      count === undefined ? kv.lists.lpos(...given, options) : kv.lists.lposAll(...given, count, options),
    answer.number,
  ),
  lmpop: operation(
    [(given) => given.map(text), side],
    { count: natural, ...READ },
    (kv, given, { count }) => kv.lists.lmpop(...given, count ?? 1n),
    answer.keyed,
  ),

  bitcount: operation(
    [text, optional(integer), optional(integer), optional(oneOf("byte", "bit"))],
    {},
    (kv, [name, ...range]) => kv.bitmaps.bitcount(name, bitRange(range)),
    answer.number,
  ),
  bitpos: operation(
    [text, natural, optional(integer), optional(integer), optional(oneOf("byte", "bit"))],
    {},
    (kv, [name, bit, ...range]) => kv.bitmaps.bitpos(name, bit, bitRange(range)),
    answer.number,
  ),
  bitfield: operation(
    [text, (given) => given.map(bitOperation)],
    {},
    (kv, given) => kv.bitmaps.bitfield(...given),
    // In a batch they are texts.
    (reply) => reply.map((item) => answer.number(item instanceof Uint8Array ? BigInt(read(item)) : item)),
  ),

  hset: operation(
    [text, Object.assign(field, { takesObject: true }), optional(value)],
    {},
    (kv, [name, given, item]) => {
      if (Array.isArray(given) && item === undefined) return kv.hashes.hsetMany(name, given);
      return kv.hashes.hset(name, given, item ?? value(item));
    },
    (reply) => (typeof reply === "bigint" ? answer.number(reply) : reply),
  ),
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
