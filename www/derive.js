// What the console needs of a command, from its row in the table of commands. No knowledge of single commands.

import {
  counted,
  EXPIRY,
  int,
  key,
  keyAs,
  many,
  maybe,
  NEW_EXPIRY,
  oneOf,
  option,
  pairs,
  PRESENCE,
  value,
} from "./arguments.js";
import { Status } from "./reply.js";

// Shapes of replies: convert the package's answers to what redis-cli shows.
export const bulk = (answer) => answer;
export const status = (answer) => (answer === null ? null : new Status(answer));
export const integer = (answer) => (typeof answer === "boolean" ? Number(answer) : answer);
const integers = (answer) => (Array.isArray(answer) ? answer.map(integer) : integer(answer));
const flat = (answer) => Object.entries(answer).flat();
const page = ({ cursor, ...items }) => [cursor, Object.values(items)[0].flat()];

/** How the reply of each shape is shown. */
const REPLIES = {
  Done: status,
  Flag: integer,
  Flags: integers,
  Number: integer,
  Positions: integers,
  Decimal: bulk,
  Text: bulk,
  Texts: bulk,
  OneOrMany: bulk,
  KeyAndTexts: bulk,
  Pairs: flat,
  Key: bulk,
  Keys: bulk,
  KeyPairs: bulk,
  KeysPage: page,
  Page: page,
  PairsPage: page,
};
const HOLDS_VALUES = ["Text", "Texts", "OneOrMany", "KeyAndTexts", "Pairs", "Page", "PairsPage"];

const singular = (name) => name.replace(/s$/, "");

/** An argument of each kind. */
const ARGUMENTS = {
  Key: ({ name }) => (name === "key" ? key : keyAs(name)),
  Keys: ({ isCounted }) => (isCounted ? counted(many(key)) : many(key)),
  Bytes: ({ name }) => value(name),
  Text: ({ name }) => value(name),
  Values: ({ name }) => many(value(singular(name))),
  Entries: () => pairs(key, value("value")),
  Fields: () => pairs(value("field"), value("value")),
  Integer: ({ name }) => int(name),
  Natural: ({ name }) => int(name),
  OptionalInteger: ({ name }) => maybe(int(name)),
  OptionalNatural: ({ name }) => maybe(int(name)),
  Choice: ({ words }) => oneOf(...words.split("|")),
  ValueType: () => oneOf("STRING", "LIST", "HASH", "SET"),
};

/** Options whose name in the package is not their word in lower case. */
const NAMES = { MAXLEN: "maxLen", WITHVALUES: "withValues", EXPECT: "expected" };

function optionsOf(arg) {
  const { kind, words } = arg;
  const named = (word, argument) => option(word, NAMES[word] ?? word.toLowerCase(), argument);
  if (kind === "Flag") return [named(words)];
  if (kind === "Expiry") return words.includes("KEEPTTL") ? EXPIRY : NEW_EXPIRY;
  if (kind === "Choice") return words === "NX|XX" ? PRESENCE : words.split("|").map((word) => named(word));
  return [named(words, { ...ARGUMENTS[kind](arg), optional: false })];
}

/** A command by its row: arguments, options, the shape of its reply, and whether the reply is read as bytes. */
export function derive({ name, family, args, reply, summary }) {
  const said = args.filter(({ isUnsaid }) => !isUnsaid);
  return {
    name,
    group: family === "keyspace" ? "keys" : family,
    args: said.filter(({ isOption }) => !isOption).map((arg) => ARGUMENTS[arg.kind](arg)),
    options: said.filter(({ isOption }) => isOption).flatMap(optionsOf),
    reply: REPLIES[reply],
    reads: HOLDS_VALUES.includes(reply),
    says: summary,
  };
}
