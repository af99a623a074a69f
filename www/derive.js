// What the console needs of a command, from its row in the table of commands. No knowledge of single commands.

import {
  AREA,
  counted,
  EXPIRY,
  int,
  key,
  keyAs,
  limit,
  many,
  maybe,
  NEW_EXPIRY,
  oneOf,
  option,
  ORDER,
  ORIGIN,
  pairs,
  PRESENCE,
  score,
  triples,
  value,
  weights,
} from "./arguments.js";
import { Status } from "./reply.js";

// Shapes of replies: convert the package's answers to what redis-cli shows.
export const bulk = (answer) => answer;
export const status = (answer) => (answer === null ? null : new Status(answer));
export const integer = (answer) => (typeof answer === "boolean" ? Number(answer) : answer);
const integers = (answer) => (Array.isArray(answer) ? answer.map(integer) : integer(answer));
const flat = (answer) => Object.entries(answer).flat();
/** A score as redis-cli shows it. */
const points = (score) =>
  typeof score === "number" && !Number.isFinite(score) ? (score > 0 ? "inf" : "-inf") : String(score);
const scoreOf = (answer) => (answer === null ? null : points(answer));
/** Pairs of a member and its score, one after the other; or what has no scores. */
export const scored = (answer) =>
  Array.isArray(answer)
    ? answer.flatMap((each) => (Array.isArray(each) ? [each[0], points(each[1])] : [each]))
    : answer;
const ranked = (answer) => (Array.isArray(answer) ? [answer[0], points(answer[1])] : answer);
const keyed = (answer) => answer && [answer[0], scored(answer[1])];
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
  NumberOrNothing: ranked,
  Score: scoreOf,
  Scores: (answer) => answer.map(scoreOf),
  Scored: (answer) => (answer === null ? [] : scored(Array.isArray(answer[0]) ? answer : [answer])),
  KeyAndScored: keyed,
  Places: (answer) => answer.map((place) => place && [String(place.longitude), String(place.latitude)]),
  NumbersOrNothing: bulk,
  ScoredPage: ({ cursor, members }) => [cursor, scored(members)],
};
const HOLDS_VALUES = [
  "Text",
  "Texts",
  "OneOrMany",
  "KeyAndTexts",
  "Pairs",
  "Page",
  "PairsPage",
  "Scored",
  "KeyAndScored",
  "ScoredPage",
];

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
  ValueType: () => oneOf("STRING", "LIST", "HASH", "SET", "ZSET"),
  Score: ({ name }) => score(name),
  Scores: () => pairs(score("score"), value("member")),
  Weights: () => weights,
  BitRange: () => maybe(value("range")),
  BitFields: () => many(value("operation")),
  Limit: () => limit,
  Aggregate: () => oneOf("SUM", "MIN", "MAX"),
  Places: () => triples(score("longitude"), score("latitude"), value("member")),
  Unit: () => maybe(oneOf("M", "KM", "FT", "MI")),
};

/** Options whose name in the package is not their word in lower case. */
const NAMES = {
  MAXLEN: "maxLen",
  WITHVALUES: "withValues",
  EXPECT: "expected",
  WITHSCORE: "withScore",
  WITHSCORES: "withScores",
  BYSCORE: "byScore",
  BYLEX: "byLex",
  WITHCOORD: "withCoord",
  WITHDIST: "withDist",
  WITHHASH: "withHash",
  STOREDIST: "storeDist",
};

function optionsOf(arg) {
  const { kind, words } = arg;
  const named = (word, argument) => option(word, NAMES[word] ?? word.toLowerCase(), argument);
  if (kind === "Origin") return ORIGIN;
  if (kind === "Area") return AREA;
  if (words === "ASC|DESC") return ORDER;
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
