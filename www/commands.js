// The table of commands: words, arguments, the package's method and the shape of the reply of each. Parsing,
// completion, hints and help all use it. It must not touch the page.

import {
  counted,
  EXPIRY,
  int,
  key,
  keyAs,
  many,
  maybe,
  millisecondsLeft,
  NEW_EXPIRY,
  oneOf,
  option,
  pairs,
  PRESENCE,
  seconds,
  secondsLeft,
  usageParts,
  value,
} from "./arguments.js";
import { Status } from "./reply.js";

// Shapes of replies: converts the package's answers to what redis-cli shows.
const bulk = (answer) => answer;
const status = (answer) => (answer === null ? null : new Status(answer));
const integer = (answer) => (typeof answer === "boolean" ? Number(answer) : answer);
const integers = (answer) => (Array.isArray(answer) ? answer.map(integer) : integer(answer));
const flat = (answer) => (Array.isArray(answer) ? answer.flat() : Object.entries(answer).flat());
const page = (items) => (answer) => [answer.cursor, items(answer)];
const facts = (answer) =>
  new Status(
    Object.entries(answer)
      .filter(([, fact]) => typeof fact !== "object" || fact === null)
      .map(([name, fact]) => `${name}: ${fact ?? "unknown"}`)
      .join("\n"),
  );

const MATCH = option("MATCH", "match", value("pattern"));
const COUNT = option("COUNT", "count", int("count"));
const END = option("END", "end", value("end"));
const CONDITIONS = ["NX", "XX", "GT", "LT"].map((word) => option(word, word.toLowerCase()));
const field = value("field");
const content = value("value");
const member = value("member");
const span = [int("start"), int("stop")];
const keys = many(key);

let group = "";
/** @type {Command[]} */
export const commands = [];

/**
 * A row. `name` is the operation's name in WIT; its word (`HINCRBY`) and its method (`hincrby`) follow from it.
 *
 * `reads`: the reply is read as bytes, so that values that are not text are shown too. `call`: the words are in another
 * order than the method's arguments. `local`: not an operation that a batch can contain.
 */
function row(name, args, reply, says, { options = [], reads = false, call, local = false } = {}) {
  const word = name.replaceAll("-", "").toUpperCase();
  const method = name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  const parts = usageParts({ args, options });
  const plain = (kv, given, chosen) => {
    const last = reads ? { ...chosen, as: "bytes" } : chosen;
    return kv[method](...given, ...(Object.keys(last).length > 0 ? [last] : []));
  };
  commands.push({
    word,
    name,
    method,
    group,
    args,
    options,
    reply,
    says,
    local,
    parts,
    usage: [word, ...parts].join(" "),
    call: call ?? plain,
  });
}

group = "keys";
row("del", [keys], integer, "Removes keys and returns how many existed.");
row("exists", [keys], integer, "How many of the keys exist.", {
  // The package's `exists` takes one key; `touch` counts like Redis's EXISTS.
  call: (kv, [names]) => (names.length === 1 ? kv.exists(names[0]) : kv.touch(names)),
});
row("keys", [value("pattern")], bulk, "All keys that match a glob: * ? [abc] [^a-z] and \\ to escape.");
row(
  "scan",
  [value("cursor")],
  page((answer) => answer.keys),
  "One page of the keys; cursor 0 begins and ends.",
  {
    options: [MATCH, COUNT, option("TYPE", "type", oneOf("STRING", "LIST", "HASH", "SET"))],
  },
);
row("type", [key], status, "The type of a key's value.");
row("rename", [key, keyAs("to")], status, "Renames a key, replacing any value at the new name.");
row("renamenx", [key, keyAs("to")], integer, "Renames a key if the new name is free.");
row("copy", [key, keyAs("to")], integer, "Copies a value with its TTL.", {
  options: [option("REPLACE", "replace")],
});
row("touch", [keys], integer, "How many of the keys exist; marks them as used.");
row("randomkey", [], bulk, "A random key.");
row(
  "range",
  [value("start")],
  bulk,
  "Keys in order from start up to END, with values; without END all that begin so.",
  {
    options: [
      END,
      option("AFTER", "after", value("key")),
      option("LIMIT", "limit", int("count")),
      option("REVERSE", "reverse"),
    ],
    call: (kv, [start], { end, ...rest }) => kv.range(start, end, { ...rest, as: "bytes" }),
  },
);
row(
  "count",
  [maybe(value("start"))],
  integer,
  "How many keys begin with start, or lie between start and END.",
  {
    options: [END],
    call: (kv, [start = ""], { end }) => (end === undefined ? kv.count(start) : kv.count(start, end)),
  },
);
row("delete-range", [value("start")], integer, "Deletes the keys that a range covers.", {
  options: [END],
  call: (kv, [start], { end }) => kv.deleteRange(start, end),
});
row("flush", [], status, "Deletes every key of the store.");

group = "time";
const expires = { options: CONDITIONS };
row("expire", [key, seconds], integer, "Sets a TTL in seconds, or a duration such as 5m.", expires);
row("pexpire", [key, int("milliseconds")], integer, "Sets a TTL in milliseconds.", expires);
row("expireat", [key, int("unix-seconds")], integer, "Sets when a key expires.", expires);
row("pexpireat", [key, int("unix-milliseconds")], integer, "Sets when a key expires.", expires);
row("expiretime", [key], integer, "When a key expires, in seconds since 1970; -1 never, -2 no such key.");
row("pexpiretime", [key], integer, "When a key expires, in milliseconds since 1970.");
row("ttl", [key], integer, "Seconds left; -1 does not expire, -2 does not exist.");
row("pttl", [key], integer, "Milliseconds left; -1 does not expire, -2 does not exist.");
row("persist", [key], integer, "Removes a key's TTL.");

group = "strings";
row("get", [key], bulk, "The value of a key.", { reads: true });
row(
  "set",
  [key, content],
  undefined,
  "Writes a value, over one of any type. EX 0 means that it never expires.",
  {
    options: [...PRESENCE, option("GET", "get"), ...EXPIRY],
    call: (kv, [name, next], chosen) => kv.set(name, next, chosen.get ? { ...chosen, as: "bytes" } : chosen),
  },
);
row("append", [key, content], integer, "Appends to a value and returns its length in bytes.");
row("strlen", [key], integer, "The length of a value in bytes.");
row("getrange", [key, int("start"), int("end")], bulk, "The bytes from start to end, inclusive.", {
  reads: true,
});
row("getbit", [key, int("offset")], integer, "The bit at an offset, the most significant of a byte first.");
row("setrange", [key, int("offset"), content], integer, "Overwrites the bytes from an offset on.");
row("getset", [key, content], bulk, "Sets a value and returns the old one.", { reads: true });
row("getdel", [key], bulk, "Returns a value and deletes its key.", { reads: true });
row("getex", [key], bulk, "Returns a value and changes its TTL.", {
  options: NEW_EXPIRY,
  reads: true,
});
row("mget", [keys], bulk, "The values of keys, in order.", { reads: true });
row("mset", [pairs(key, content)], status, "Sets many keys, all or none.");
row("msetnx", [pairs(key, content)], integer, "Sets many keys if none of them exists.");
row(
  "compare-and-set",
  [key, content],
  integer,
  "Writes if the key holds EXPECT; without it, if there is none.",
  {
    options: [option("EXPECT", "expected", value("old")), ...EXPIRY],
    call: (kv, [name, next], { expected = null, ...rest }) => kv.compareAndSet(name, expected, next, rest),
  },
);
row("compare-and-delete", [key, value("expected")], integer, "Deletes a key if it holds what is expected.");

group = "numbers";
row("incr", [key], integer, "Adds 1 and returns the sum.");
row("decr", [key], integer, "Subtracts 1 and returns the result.");
row("incrby", [key, int("by")], integer, "Adds an integer and returns the sum.");
row("decrby", [key, int("by")], integer, "Subtracts an integer and returns the result.");
row("incrbyfloat", [key, value("by")], bulk, "Adds a decimal number, exactly, and returns the sum.");

group = "lists";
row("lpush", [key, many(content)], integer, "Adds elements at the left end, one after the other.");
row("rpush", [key, many(content)], integer, "Adds elements at the right end.");
row("lpushx", [key, many(content)], integer, "Like LPUSH, if the list exists.");
row("rpushx", [key, many(content)], integer, "Like RPUSH, if the list exists.");
row("lpop", [key, maybe(int("count"))], bulk, "Removes and returns elements from the left end.", {
  reads: true,
});
row("rpop", [key, maybe(int("count"))], bulk, "Removes and returns elements from the right end.", {
  reads: true,
});
row("lrange", [key, ...span], bulk, "The elements from start to stop; -1 is the last one.", { reads: true });
row("llen", [key], integer, "The length of a list.");
row("lindex", [key, int("index")], bulk, "The element at an index.", { reads: true });
row("lpos", [key, content], integers, "The index of an element.", {
  options: [option("RANK", "rank", int("rank")), COUNT, option("MAXLEN", "maxLen", int("length"))],
});
row("lset", [key, int("index"), content], status, "Replaces the element at an index.");
row(
  "lrem",
  [key, int("count"), content],
  integer,
  "Removes elements equal to a value: the first count, or all for 0.",
);
row("ltrim", [key, ...span], status, "Keeps the elements from start to stop.");
row(
  "linsert",
  [key, oneOf("BEFORE", "AFTER"), value("pivot"), content],
  integer,
  "Puts an element beside another.",
);
const side = oneOf("LEFT", "RIGHT");
row("lmpop", [counted(keys), side], bulk, "Removes and returns elements of the first list that exists.", {
  options: [COUNT],
  reads: true,
  call: (kv, [names, where], chosen) => kv.lmpop(names, where, { ...chosen, as: "bytes" }),
});
row("lmove", [key, keyAs("to"), side, side], bulk, "Moves an element from one end to another.", {
  reads: true,
});

group = "hashes";
row("hset", [key, pairs(field, content)], integer, "Sets fields and returns how many are new.");
row("hget", [key, field], bulk, "The value of a field.", { reads: true });
row("hmget", [key, many(field)], bulk, "The values of fields, in order.", { reads: true });
row("hgetall", [key], flat, "All fields with their values.", { reads: true });
row("hdel", [key, many(field)], integer, "Removes fields and returns how many existed.");
row("hexists", [key, field], integer, "Whether a field exists.");
row("hlen", [key], integer, "The number of fields.");
row("hkeys", [key], bulk, "All fields.", { reads: true });
row("hvals", [key], bulk, "The values of all fields.", { reads: true });
row("hstrlen", [key, field], integer, "The length of a field's value in bytes.");
row("hincrby", [key, field, int("by")], integer, "Adds an integer to a field and returns the sum.");
row("hincrbyfloat", [key, field, value("by")], bulk, "Adds a decimal number to a field, exactly.");
row("hsetnx", [key, field, content], integer, "Sets a field if it does not exist.");
row("hrandfield", [key, maybe(int("count"))], undefined, "Random fields.", {
  options: [option("WITHVALUES", "withValues")],
  reads: true,
});
row(
  "hscan",
  [key, value("cursor")],
  page((answer) => answer.entries.flat()),
  "One page of the fields and values.",
  {
    options: [MATCH, COUNT],
    reads: true,
  },
);

group = "sets";
row("sadd", [key, many(member)], integer, "Adds members and returns how many are new.");
row("srem", [key, many(member)], integer, "Removes members and returns how many existed.");
row("smembers", [key], bulk, "All members.", { reads: true });
row("sismember", [key, member], integer, "Whether the set contains a member.");
row("smismember", [key, many(member)], integers, "Whether the set contains each member, in order.");
row("scard", [key], integer, "The number of members.");
row("spop", [key, maybe(int("count"))], bulk, "Removes and returns random members.", {
  reads: true,
});
row("srandmember", [key, maybe(int("count"))], bulk, "Random members.", { reads: true });
row("smove", [key, keyAs("to"), member], integer, "Moves a member to another set.");
row("sinter", [keys], bulk, "The members that all sets have.", { reads: true });
row("sunion", [keys], bulk, "The members that any of the sets has.", { reads: true });
row("sdiff", [keys], bulk, "The members of the first set that no other has.", { reads: true });
row("sinterstore", [keyAs("to"), keys], integer, "Stores an intersection and returns its size.");
row("sunionstore", [keyAs("to"), keys], integer, "Stores a union and returns its size.");
row("sdiffstore", [keyAs("to"), keys], integer, "Stores a difference and returns its size.");
row("sintercard", [counted(keys)], integer, "How many members all sets have.", {
  options: [option("LIMIT", "limit", int("limit"))],
});
row(
  "sscan",
  [key, value("cursor")],
  page((answer) => answer.members),
  "One page of the members.",
  {
    options: [MATCH, COUNT],
    reads: true,
  },
);

group = "store";
row("stats", [], facts, "Statistics about the store.", { local: true });
row("capabilities", [], facts, "What the store can promise.", { local: true });

// More commands that Redis's users type: other names for the operations above.
group = "also";
row("unlink", [keys], integer, "DEL by another name.", { call: (kv, [names]) => kv.del(names) });
row("dbsize", [], integer, "How many keys there are.", { call: (kv) => kv.count() });
row("flushdb", [], status, "FLUSH by another name.", { call: (kv) => kv.flush() });
row("flushall", [], status, "FLUSH by another name.", { call: (kv) => kv.flush() });
row("setex", [key, secondsLeft, content], status, "SET with EX.", {
  call: (kv, [name, ttl, next]) => kv.set(name, next, { ttl }),
});
row("psetex", [key, millisecondsLeft, content], status, "SET with PX.", {
  call: (kv, [name, ttlMs, next]) => kv.set(name, next, { ttlMs }),
});
row("setnx", [key, content], (answer) => Number(answer !== null), "SET with NX.", {
  call: (kv, [name, next]) => kv.set(name, next, { nx: true }),
});
row(
  "msetex",
  [counted(pairs(key, content))],
  integer,
  "Writes many values with one deadline; 0 if NX did not hold.",
  {
    options: [option("NX", "nx"), ...EXPIRY],
    call: (kv, [entries], { nx, ...rest }) => (nx ? kv.msetnx(entries, rest) : kv.mset(entries, rest)),
  },
);
row("hmset", [key, pairs(field, content)], () => new Status("OK"), "HSET by its old name.", {
  call: (kv, [name, fields]) => kv.hset(name, fields),
});
row("rpoplpush", [key, keyAs("to")], bulk, "LMOVE from right to left.", {
  call: (kv, [from, to]) => kv.lmove(from, to, "right", "left", { as: "bytes" }),
});
row("info", [], facts, "STATS by Redis's name.", { local: true, call: (kv) => kv.stats() });
row("ping", [maybe(value("message"))], undefined, "Answers PONG, or the message.", {
  local: true,
  call: (_kv, [message]) => message ?? new Status("PONG"),
});
row("echo", [value("message")], bulk, "Answers the message.", {
  local: true,
  call: (_kv, [message]) => message,
});

const byWord = new Map(commands.map((command) => [command.word, command]));

/** The command with this word, in any spelling: `COMPAREANDSET`, `compare-and-set`, `compareAndSet`. */
export function find(word) {
  return typeof word === "string" ? byWord.get(word.replaceAll("-", "").toUpperCase()) : undefined;
}

/** The answer as redis-cli shows it; for commands with several shapes, the options decide. */
export function shape(command, answer, options) {
  if (command.word === "SET") return options.get ? answer : status(answer);
  if (command.word === "HRANDFIELD") return options.withValues ? flat(answer) : answer;
  if (command.word === "MSETEX") return answer === "OK" ? 1 : integer(answer);
  return command.reply === undefined ? answer : command.reply(answer);
}

/** Whether a value was written with a time of 0: here that means never, while Redis returns an error. */
export function meansNever(command, args, { ttl, ttlMs }) {
  const written = /^P?SETEX$/.test(command.word) ? args[1] : undefined;
  return [ttl, ttlMs, written].some(
    (time) => time === 0 || (typeof time === "string" && Number.parseFloat(time) === 0),
  );
}

/**
 * @typedef {object} Command
 * @property {string} word as Redis spells it
 * @property {string} name as WIT spells it
 * @property {string} method as the package spells it
 * @property {string} group
 * @property {string} usage
 * @property {string[]} parts the usage, without the word, in parts
 */
