// The parts of commands: the names of arguments, how they are parsed, and the conversion of words to arguments. No
// knowledge of single commands.

/** The words do not fit the command. */
export class UsageError extends Error {}

function integerOf(word, name) {
  if (typeof word !== "string" || !/^[+-]?\d+$/.test(word)) {
    throw new UsageError(`(${name}) expects an integer`);
  }
  const number = Number(word);
  return Number.isSafeInteger(number) ? number : BigInt(word);
}

/** Seconds, or a duration such as `5m`. */
function secondsOf(word, name) {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(word)) return word;
  if (/^[+-]?\d+$/.test(word)) return integerOf(word, name);
  throw new UsageError(`(${name}) expects an integer or a duration such as 5m`);
}

/** The largest time that JavaScript represents exactly, in milliseconds. */
const FARTHEST_MS = Number.MAX_SAFE_INTEGER;

/** The time of an option, which is not negative; in units of `scale` milliseconds. */
const timeOf = (name, scale, read = integerOf) => ({
  name,
  read(word) {
    const time = read(word, name);
    if (typeof time === "string") return time;
    if (time < 0) throw new UsageError(`(${name}) expects no negative time`);
    if (Number(time) * scale > FARTHEST_MS) {
      throw new UsageError(`(${name}) expects at most ${Math.floor(FARTHEST_MS / scale)}`);
    }
    return time;
  },
});

const asIs = (word) => word;

/** An argument that is passed unchanged: text or bytes. */
export const value = (name) => ({ name, read: asIs });
/** A key: completed from existing keys. */
export const key = { name: "key", read: asIs, isKey: true };
/** A key with another name in the usage line. */
export const keyAs = (name) => ({ ...key, name });
/** A 64-bit integer. */
export const int = (name) => ({ name, read: integerOf });
/** A score: a number, perhaps infinite. */
export const score = (name) => ({
  name,
  read(word) {
    const text = String(word).replace(/^([+-]?)inf(inity)?$/i, "$1Infinity");
    const number = text === "" ? Number.NaN : Number(text);
    if (Number.isNaN(number)) throw new UsageError(`(${name}) expects a number`);
    return number;
  },
});
/**
 * An option: its word, its name in the package, and its argument or the value it stands for. Options with the same
 * `group` exclude each other.
 */
export const option = (word, name, argument, { means = true, group } = {}) => ({
  word,
  name,
  argument,
  means,
  group,
});

/** Several numbers in a row, as one argument. */
const numbers = (names, make) => ({
  name: names.join(" "),
  takes: () => names.length,
  read: (words) =>
    make(...words.map((word, at) => (names[at] === "unit" ? word : score(names[at]).read(word)))),
});
/** The point that a search is around. */
export const ORIGIN = [
  option("FROMMEMBER", "from", { name: "member", read: (member) => ({ member }) }, { group: "from" }),
  option(
    "FROMLONLAT",
    "from",
    numbers(["longitude", "latitude"], (longitude, latitude) => ({ longitude, latitude })),
    { group: "from" },
  ),
];
/** How far a search goes. */
export const AREA = [
  option(
    "BYRADIUS",
    "by",
    numbers(["radius", "unit"], (radius, unit) => ({ radius, unit: unit.toLowerCase() })),
    { group: "by" },
  ),
  option(
    "BYBOX",
    "by",
    numbers(["width", "height", "unit"], (width, height, unit) => ({
      width,
      height,
      unit: unit.toLowerCase(),
    })),
    { group: "by" },
  ),
];
/** An offset and a count. */
export const limit = {
  name: "offset count",
  takes: () => 2,
  read: ([offset, count]) => ({ offset: integerOf(offset, "offset"), count: integerOf(count, "count") }),
};
/** A factor for each key. */
export const weights = {
  name: "weight [...]",
  takes: (args) => args.findLast(Array.isArray).length,
  read: (words) => words.map((word) => score("weight").read(word)),
};
/** A duration. */
export const seconds = { name: "seconds", read: secondsOf };
/** The TTL of a written value. */
export const secondsLeft = timeOf("seconds", 1_000, secondsOf);
export const millisecondsLeft = timeOf("milliseconds", 1);
/** One of several words; the package expects lower case. */
export const oneOf = (...words) => ({
  name: words.join("|"),
  words,
  read(word) {
    if (typeof word === "string" && words.includes(word.toUpperCase())) return word.toLowerCase();
    throw new UsageError(`expects ${words.join(" or ")}`);
  },
});
/** A part of a bitmap. */
export const bitRange = [
  { ...int("start"), optional: true },
  { ...int("end"), optional: true },
  { ...oneOf("BYTE", "BIT"), optional: true },
];
/** The words of BITFIELD as the operations that the package takes. */
export function bitFields(words, known = ["get", "set", "incrby", "overflow"]) {
  const operations = [];
  for (let at = 0; at < words.length;) {
    const name = String(words[at]).toLowerCase();
    if (!known.includes(name)) throw new UsageError(`(operation) expects ${known.join(", ")}`);
    const length = { get: 3, overflow: 2 }[name] ?? 4;
    const [first, offset, number] = words.slice(at + 1, at + length);
    if (at + length > words.length) throw new UsageError(`(operation) lacks arguments of ${name}`);
    if (name === "overflow") operations.push([name, String(first).toLowerCase()]);
    else {
      const place = String(offset).startsWith("#") ? offset : integerOf(offset, "offset");
      operations.push([name, first, place, ...(name === "get" ? [] : [integerOf(number, "value")])]);
    }
    at += length;
  }
  return operations;
}
/** All remaining words, at least one; passed as an array. */
export const many = (argument) => ({ ...argument, many: true });
/** All remaining words in pairs, at least two words; passed as pairs. */
export const pairs = (first, second) => ({ ...first, second, many: true });
/** All remaining words in threes. */
export const triples = (first, second, third) => ({ ...first, second, third, many: true });
/** As many words as the word before them says. */
export const counted = (argument) => ({ ...argument, counted: true });
/** An optional argument. */
export const maybe = (argument) => ({ ...argument, optional: true });

const TIME = { group: "time" };
const at = (name, scale) => {
  const { read } = timeOf(name, scale);
  return {
    name,
    read(word) {
      const moment = Number(read(word)) * scale;
      if (moment === 0) throw new UsageError(`(${name}) expects a moment after 1970`);
      return moment;
    },
  };
};
const EXPIRES = [
  option("EX", "ttl", secondsLeft, TIME),
  option("PX", "ttlMs", millisecondsLeft, TIME),
  option("EXAT", "expireAt", at("unix-seconds", 1_000), TIME),
  option("PXAT", "expireAt", at("unix-milliseconds", 1), TIME),
];
/** When a written value expires. */
export const EXPIRY = [
  ...EXPIRES,
  option("KEEPTTL", "keepTtl", undefined, TIME),
  option("PERSIST", "ttl", undefined, { ...TIME, means: null }),
];
/** When a key that is read expires. */
export const NEW_EXPIRY = [...EXPIRES, option("PERSIST", "persist", undefined, TIME)];
/** In which order a search returns what it found. */
export const ORDER = [
  option("ASC", "order", undefined, { means: "asc", group: "order" }),
  option("DESC", "order", undefined, { means: "desc", group: "order" }),
];
/** Whether the key may already exist. */
export const PRESENCE = [
  option("NX", "nx", undefined, { group: "presence" }),
  option("XX", "xx", undefined, { group: "presence" }),
];

/** An argument as shown in a usage line. */
function shown(argument) {
  const { second, third } = argument;
  if (third) return `${argument.name} ${second.name} ${third.name} [...]`;
  if (second) return `${argument.name} ${second.name} [...]`;
  if (argument.many) return `${argument.name} [...]`;
  return argument.optional ? `[${argument.name}]` : argument.name;
}

/** The parts of a usage line after the command word: arguments, then options. */
export function usageParts({ args, options }) {
  return [
    ...args.flatMap((argument) => [...(argument.counted ? ["count"] : []), shown(argument)]),
    ...options.map(({ word, argument }) => (argument ? `[${word} ${argument.name}]` : `[${word}]`)),
  ];
}

/**
 * Parses the words after the command word: arguments in order, then options in any order. The argument of an option is one
 * word, or as many as it `takes`.
 *
 * @returns {[args: unknown[], options: Record<string, unknown>]}
 */
export function readWords(command, words) {
  const rest = [...words];
  const args = [];
  const options = {};
  const given = [];
  for (const [nth, argument] of command.args.entries()) {
    // The options of ZADD precede the scores.
    while (command.optionsFirst && nth === command.args.length - 1 && isOption(command, rest[0])) {
      takeOption();
    }
    if (rest.length === 0 && argument.optional) continue;
    if (rest.length === 0) throw wrongNumber(command);
    args.push(argument.many ? readMany(command, argument, rest) : argument.read(rest.shift(), argument.name));
  }
  while (rest.length > 0) takeOption();
  return [args, options];

  function takeOption() {
    const word = rest.shift();
    const known = command.options.find(
      (each) => typeof word === "string" && each.word === word.toUpperCase(),
    );
    if (!known) throw command.options.length === 0 ? wrongNumber(command) : unknownOption(command);
    const other = given.find((each) => each === known || (known.group && each.group === known.group));
    if (other === known) throw new UsageError(`${known.word} stands there twice`);
    if (other) throw new UsageError(`${known.word} cannot stand beside ${other.word}`);
    given.push(known);
    options[known.name] = valueOf(known, rest, args);
  }
}

const isOption = (command, word) =>
  typeof word === "string" && command.options.some((each) => each.word === word.toUpperCase());

/** The value of an option: what stands behind its word, or what the word means. */
function valueOf({ word, argument, means }, rest, args) {
  if (!argument) return means;
  const { name, takes } = argument;
  const many = takes?.(args);
  if (rest.length < (many ?? 1)) throw new UsageError(`${word} expects ${name}`);
  return argument.read(many === undefined ? rest.shift() : rest.splice(0, many), name);
}

function readMany(command, argument, rest) {
  const parts = [argument, argument.second, argument.third].filter(Boolean);
  const step = parts.length;
  const items = argument.counted ? Number(integerOf(rest.shift(), "count")) : rest.length / step;
  if (!Number.isInteger(items) || items < 1 || rest.length < items * step) throw wrongNumber(command);
  return Array.from({ length: items }, () => {
    const read = parts.map((part) => part.read(rest.shift(), part.name));
    return step === 1 ? read[0] : read;
  });
}

const wrongNumber = (command) => new UsageError(`wrong number of arguments: ${command.usage}`);
const unknownOption = (command) =>
  new UsageError(`expects ${command.options.map(({ word }) => word).join(", ")} there: ${command.usage}`);
