// The commands of the console: words, arguments, the package's method and the shape of the reply of each. Those of the store
// come from the core's table; here is what the table does not know. Parsing, completion, hints and help all use the list.
// It must not touch the page.

import {
  bitFields,
  bitRange,
  counted,
  EXPIRY,
  int,
  key,
  keyAs,
  many,
  maybe,
  millisecondsLeft,
  option,
  pairs,
  seconds,
  secondsLeft,
  usageParts,
  value,
} from "./arguments.js";
import { bulk, derive, integer, scored, status } from "./derive.js";
import { Status } from "./reply.js";
import table from "./table.js";

const facts = (answer) =>
  new Status(
    Object.entries(answer)
      .filter(([, fact]) => typeof fact !== "object" || fact === null)
      .map(([name, fact]) => `${name}: ${fact ?? "unknown"}`)
      .join("\n"),
  );

/** @type {Command[]} */
export const commands = [];

/**
 * Adds a command. `name` is the operation's name in WIT; its word (`HINCRBY`) and its method (`hincrby`) follow from it.
 *
 * `reads`: the reply is read as bytes, so that values that are not text are shown too. `call`: the words are in another
 * order than the method's arguments. `local`: not an operation that a batch can contain. `optionsFirst`: the options precede
 * the last argument.
 */
function add({
  name,
  group,
  args,
  reply,
  says,
  options = [],
  reads = false,
  call,
  local = false,
  optionsFirst,
}) {
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
    optionsFirst,
    parts,
    usage: [word, ...parts].join(" "),
    call: call ?? plain,
  });
}

const END = option("END", "end", value("end"));

/** The part of a range, as the package takes it. */
const inParts = ({ limit = {}, ...rest }) => ({ ...limit, ...rest });
/** Ranks are numbers; other bounds are text. */
const bounds = (words, { byScore, byLex }) =>
  byScore || byLex ? words : words.map((word) => int("rank").read(word, "rank"));
const combination = { reply: scored };

/** Found members, each with its details as redis-cli shows them. */
const found = (answer) =>
  answer.map((each) => {
    if (typeof each === "string" || each instanceof Uint8Array) return each;
    const { member, distance, hash, coordinates: at } = each;
    return [
      member,
      ...(distance === undefined ? [] : [distance.toFixed(4)]),
      ...(hash === undefined ? [] : [hash]),
      ...(at ? [[String(at.longitude), String(at.latitude)]] : []),
    ];
  });

/** Where the package's method differs from the command. */
const OTHERWISE = {
  // The package's `exists` takes one key; `touch` counts like Redis's EXISTS.
  exists: { call: (kv, [names]) => (names.length === 1 ? kv.exists(names[0]) : kv.touch(names)) },
  type: { reply: status, reads: false },
  expire: { args: [key, seconds] },
  range: {
    options: [
      END,
      option("AFTER", "after", value("key")),
      option("LIMIT", "limit", int("count")),
      option("REVERSE", "reverse"),
    ],
    call: (kv, [start], { end, ...rest }) => kv.range(start, end, { ...rest, as: "bytes" }),
  },
  count: {
    args: [maybe(value("start"))],
    call: (kv, [start = ""], { end }) => (end === undefined ? kv.count(start) : kv.count(start, end)),
  },
  "delete-range": { call: (kv, [start], { end }) => kv.deleteRange(start, end) },
  flush: { args: [] },
  set: {
    reply: undefined,
    call: (kv, [name, next], chosen) => kv.set(name, next, chosen.get ? { ...chosen, as: "bytes" } : chosen),
  },
  hrandfield: { reply: undefined },
  zadd: {
    optionsFirst: true,
    reply: bulk,
    call: (kv, [name, members], chosen) =>
      kv.zadd(
        name,
        members.map(([score, member]) => ({ score, member })),
        chosen,
      ),
  },
  zrange: {
    reply: scored,
    call: (kv, [name, ...ends], chosen) =>
      kv.zrange(name, ...bounds(ends, chosen), { ...inParts(chosen), as: "bytes" }),
  },
  zrangestore: {
    call: (kv, [to, name, ...ends], chosen) =>
      kv.zrangestore(to, name, ...bounds(ends, chosen), inParts(chosen)),
  },
  zrandmember: combination,
  zunion: combination,
  zinter: combination,
  zdiff: combination,
  geoadd: {
    optionsFirst: true,
    call: (kv, [name, members], chosen) =>
      kv.geoadd(
        name,
        members.map(([longitude, latitude, member]) => ({ longitude, latitude, member })),
        chosen,
      ),
  },
  geosearch: {
    reply: found,
    call: (kv, [name], { from, by, ...chosen }) =>
      kv.geosearch(name, from ?? {}, by ?? {}, { ...chosen, as: "bytes" }),
  },
  geosearchstore: {
    call: (kv, [to, name], { from, by, ...chosen }) =>
      kv.geosearchstore(to, name, from ?? {}, by ?? {}, chosen),
  },
  bitcount: { args: [key, ...bitRange] },
  bitpos: { args: [key, int("bit"), ...bitRange] },
  bitfield: {
    args: [key, many(value("operation"))],
    call: (kv, [name, words]) => kv.bitfield(name, bitFields(words)),
  },
  "compare-and-set": {
    call: (kv, [name, next], { expected = null, ...rest }) => kv.compareAndSet(name, expected, next, rest),
  },
};
for (const row of table) add({ ...derive(row), ...OTHERWISE[row.name] });

let group = "";
const row = (name, args, reply, says, more) => add({ name, group, args, reply, says, ...more });

group = "store";
row("stats", [], facts, "Statistics about the store.", { local: true });
row("capabilities", [], facts, "What the store can promise.", { local: true });

// More commands that Redis's users type: other names for the operations above.
group = "also";
row("unlink", [many(key)], integer, "DEL by another name.", { call: (kv, [names]) => kv.del(names) });
row("dbsize", [], integer, "How many keys there are.", { call: (kv) => kv.count() });
row("flushdb", [], status, "FLUSH by another name.", { call: (kv) => kv.flush() });
row("flushall", [], status, "FLUSH by another name.", { call: (kv) => kv.flush() });
row("setex", [key, secondsLeft, value("value")], status, "SET with EX.", {
  call: (kv, [name, ttl, next]) => kv.set(name, next, { ttl }),
});
row("psetex", [key, millisecondsLeft, value("value")], status, "SET with PX.", {
  call: (kv, [name, ttlMs, next]) => kv.set(name, next, { ttlMs }),
});
row("setnx", [key, value("value")], (answer) => Number(answer !== null), "SET with NX.", {
  call: (kv, [name, next]) => kv.set(name, next, { nx: true }),
});
row(
  "msetex",
  [counted(pairs(key, value("value")))],
  integer,
  "Writes many values with one deadline; 0 if NX did not hold.",
  {
    options: [option("NX", "nx"), ...EXPIRY],
    call: (kv, [entries], { nx, ...rest }) => (nx ? kv.msetnx(entries, rest) : kv.mset(entries, rest)),
  },
);
row("hmset", [key, pairs(value("field"), value("value"))], () => new Status("OK"), "HSET by its old name.", {
  call: (kv, [name, fields]) => kv.hset(name, fields),
});
row("bitfield_ro", [key, many(value("operation"))], bulk, "BITFIELD, of which it takes GET.", {
  call: (kv, [name, words]) => kv.bitfield(name, bitFields(words, ["get"])),
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
  if (command.word === "HRANDFIELD") return options.withValues ? answer.flat() : answer;
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
