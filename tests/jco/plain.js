// The operations whose WIT function takes the command's arguments as they are, from the table of commands. No list of
// operations, and no knowledge of any.

import { readFileSync } from "node:fs";
import * as answer from "./answers.js";
import { decimal, integer, natural, oneOf, rest, text, value } from "./arguments.js";

const table = JSON.parse(readFileSync(new URL("../../pkg/dist/commands.json", import.meta.url), "utf8"));

/** How an argument of each kind is read. Operations with another kind are not plain. */
const READERS = {
  Key: () => text,
  Keys: () => rest(text),
  Bytes: () => value,
  Values: () => rest(value),
  Integer: () => integer,
  Natural: () => natural,
  Text: (arg) => (arg.name === "by" ? decimal : text),
  Choice: ({ words }) => oneOf(...words.toLowerCase().split("|")),
};

/** How a reply of each shape is read. */
const ANSWERS = {
  Done: answer.done,
  Flag: answer.flag,
  Flags: answer.flags,
  Number: answer.number,
  Decimal: answer.float,
  Text: answer.read,
  Texts: answer.read,
  Keys: answer.read,
  Pairs: answer.object,
};
const HOLDS_VALUES = ["Text", "Texts", "Pairs"];

const isPlain = ({ args, reply }) =>
  reply in ANSWERS &&
  args.every((arg) => arg.kind in READERS && !arg.isOption && !arg.isCounted && !arg.isUnsaid);

const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** Each operation by its name: how its arguments are read, the WIT call, and how the answer is read. */
export const PLAIN = Object.fromEntries(
  table
    .filter((row) => isPlain(row))
    .map(({ name, family, args, reply }) => {
      const readers = args.map((arg) => READERS[arg.kind](arg));
      const options = HOLDS_VALUES.includes(reply) ? { as: oneOf("bytes") } : {};
      const call = (kv, given) => kv[family][camelCase(name)](...given);
      return [camelCase(name), { readers, options, call, reply: ANSWERS[reply] }];
    }),
);
