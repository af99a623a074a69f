// The parts that commands are made of: what an argument is called, how it is read, and words turned into arguments. It
// must not know any command.

/** Words that do not fit a command. */
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

/** The most that a moment can be away, as far as JavaScript counts milliseconds exactly. */
const FARTHEST_MS = Number.MAX_SAFE_INTEGER;

/** A time of an option, which is never negative; as many milliseconds as `scale` says. */
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

/** An argument taken as it is: text or bytes. */
export const value = (name) => ({ name, read: asIs });
/** The name of an entry: completed from those there are. */
export const key = { name: "key", read: asIs, isKey: true };
/** The name of an entry, called otherwise. */
export const keyAs = (name) => ({ ...key, name });
/** A 64-bit integer. */
export const int = (name) => ({ name, read: integerOf });
/** A length of time. */
export const seconds = { name: "seconds", read: secondsOf };
/** How long a value that is written has to live. */
export const secondsLeft = timeOf("seconds", 1_000, secondsOf);
export const millisecondsLeft = timeOf("milliseconds", 1);
/** One of some words; the package takes them in small letters. */
export const oneOf = (...words) => ({
  name: words.join("|"),
  words,
  read(word) {
    if (typeof word === "string" && words.includes(word.toUpperCase())) return word.toLowerCase();
    throw new UsageError(`expects ${words.join(" or ")}`);
  },
});
/** All words from here on, at least one; given as an array. */
export const many = (argument) => ({ ...argument, many: true });
/** All words from here on in twos, at least two; given as pairs. */
export const pairs = (first, second) => ({ ...first, second, many: true });
/** As many as the word before them says. */
export const counted = (argument) => ({ ...argument, counted: true });
/** An argument that may be left out. */
export const maybe = (argument) => ({ ...argument, optional: true });

/**
 * An option: its word, what the package calls it, and its argument or the value it stands for. Of those that have a `group`
 * in common only one can stand in a line.
 */
export const option = (word, name, argument, { means = true, group } = {}) => ({
  word,
  name,
  argument,
  means,
  group,
});

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
/** Whether a key may be there already. */
export const PRESENCE = [
  option("NX", "nx", undefined, { group: "presence" }),
  option("XX", "xx", undefined, { group: "presence" }),
];

/** How an argument stands in a usage line. */
function shown(argument) {
  if (argument.second) return `${argument.name} ${argument.second.name} [...]`;
  if (argument.many) return `${argument.name} [...]`;
  return argument.optional ? `[${argument.name}]` : argument.name;
}

/** The parts of a usage line after the word: arguments, then options. */
export function usageParts({ args, options }) {
  return [
    ...args.flatMap((argument) => [...(argument.counted ? ["count"] : []), shown(argument)]),
    ...options.map(({ word, argument }) => (argument ? `[${word} ${argument.name}]` : `[${word}]`)),
  ];
}

/**
 * Reads the words after a command's own: its arguments in order, then its options in any order.
 *
 * @returns {[args: unknown[], options: Record<string, unknown>]}
 */
export function readWords(command, words) {
  const rest = [...words];
  const args = [];
  for (const argument of command.args) {
    if (rest.length === 0 && argument.optional) continue;
    if (rest.length === 0) throw wrongNumber(command);
    args.push(argument.many ? readMany(command, argument, rest) : argument.read(rest.shift(), argument.name));
  }
  const options = {};
  const given = [];
  while (rest.length > 0) {
    const word = rest.shift();
    const known = command.options.find(
      (each) => typeof word === "string" && each.word === word.toUpperCase(),
    );
    if (!known) throw command.options.length === 0 ? wrongNumber(command) : unknownOption(command);
    const other = given.find((each) => each === known || (known.group && each.group === known.group));
    if (other === known) throw new UsageError(`${known.word} stands there twice`);
    if (other) throw new UsageError(`${known.word} cannot stand beside ${other.word}`);
    given.push(known);
    if (known.argument && rest.length === 0)
      throw new UsageError(`${known.word} expects ${known.argument.name}`);
    options[known.name] = known.argument
      ? known.argument.read(rest.shift(), known.argument.name)
      : known.means;
  }
  return [args, options];
}

function readMany(command, argument, rest) {
  const step = argument.second ? 2 : 1;
  const items = argument.counted ? Number(integerOf(rest.shift(), "count")) : rest.length / step;
  if (!Number.isInteger(items) || items < 1 || rest.length < items * step) throw wrongNumber(command);
  return Array.from({ length: items }, () => {
    const first = argument.read(rest.shift(), argument.name);
    return argument.second ? [first, argument.second.read(rest.shift(), argument.second.name)] : first;
  });
}

const wrongNumber = (command) => new UsageError(`wrong number of arguments: ${command.usage}`);
const unknownOption = (command) =>
  new UsageError(`expects ${command.options.map(({ word }) => word).join(", ")} there: ${command.usage}`);
