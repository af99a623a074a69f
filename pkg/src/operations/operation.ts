// What an operation is, in a line: what it takes and how its reply is read. The line's name is the operation's, and in
// capitals its command's word. It must not know any operation.

import { arity, integer, isOptions, items, key, options, splitOptions } from "../values/arguments.js";
import type { Mode } from "../values/mode.js";
import { type Decoder, type Forms, sum } from "../wire/replies.js";
import { type Codec, formOf } from "../values/serializer.js";
import type { Argument } from "../wire/wire.js";
import type { Commands } from "./commands.js";

/** Checks what was given for an argument and gives its word; an option that is true or false has none. */
export type Check = (op: string, name: string, given: unknown, codec: Codec) => Argument | boolean;

/** What is checked how, by its name and in its order. */
export type Checks = Readonly<Record<string, Check>>;

/** A method of whatever takes commands. */
export type Method = (this: Commands<Mode>, ...given: unknown[]) => unknown;

/** Makes the method of an operation by its name. */
export type Operation = (op: string) => Method;

/** How a reply is read: by a decoder, or by that of the form which the option `as` asks for. */
export type Reply = Decoder<unknown> | keyof Forms<unknown> | OfForm;

/** A decoder that is made of those of the form. */
export interface OfForm {
  readonly of: (forms: Forms<unknown>) => Decoder<unknown>;
}

/** What an operation can be told beside its arguments. */
export interface Options {
  readonly names: readonly string[];
  /** The words for what was told. */
  readonly words: (op: string, told: Told, codec: Codec) => readonly Argument[];
}

type Told = Readonly<Record<string, unknown>>;

/** Options whose words are their names in capitals, each with its value behind it. */
export const named = (checks: Checks): Options => ({
  names: Object.keys(checks),
  words: (op, told, codec) => {
    const words: Argument[] = [];
    for (const name in checks) {
      if (told[name] === undefined) continue;
      const word = (checks[name] as Check)(op, name, told[name], codec);
      if (word !== false) words.push(name.toUpperCase());
      if (typeof word !== "boolean") words.push(word);
    }
    return words;
  },
});

const NONE = named({});

/** A value as the store's serializer writes it. */
export const content: Check = (op, name, given, codec) => codec.encode(op, name, given);

/** An operation that takes so many arguments, then perhaps options. */
export function operation(takes: Checks, reply: Reply, known?: Options): Operation {
  const checks = Object.entries(takes);
  const least = checks.length;
  const most = least + (known !== undefined || typeof reply === "string" ? 1 : 0);
  return (op) => {
    return irregular(least, most, wordsOf(op.toUpperCase(), checks), reply, known)(op);
  };
}

/** The words of an operation's arguments. */
export type Words = (op: string, given: readonly unknown[], codec: Codec) => Argument[];

/** The same, where the words are more than the name and the arguments. */
export const irregular =
  (least: number, most: number, words: Words, reply: Reply, known?: Options): Operation =>
  (op) =>
    function (...given) {
      arity(op, given.length, least, most);
      const hasOptions = known !== undefined || typeof reply === "string";
      const told = hasOptions ? given[most - 1] : undefined;
      return run(this, op, words(op, given, this.codec), reply, told, known);
    };

/** An operation whose last argument comes any number of times, one by one or as one array. */
export const variadic =
  (takes: Checks, name: string, each: Check, reply: Reply, least?: number): Operation =>
  (op) => {
    const checks = Object.entries(takes);
    const wordsOfFirst = wordsOf(op.toUpperCase(), checks);
    return function (...given) {
      arity(op, given.length, least ?? checks.length, Number.POSITIVE_INFINITY);
      const rest = given.slice(checks.length);
      const [several, told] = typeof reply === "string" ? splitOptions(rest) : [rest];
      const command = wordsOfFirst(op, given, this.codec);
      for (const item of items(several)) command.push(each(op, name, item, this.codec) as Argument);
      return run(this, op, command, reply, told);
    };
  };

/** An operation that gives one, or with a count so many. */
export const some =
  (one: Reply, many: Reply, known?: Options): Operation =>
  (op) => {
    const word = op.toUpperCase();
    return function (name, ...given) {
      arity(op, arguments.length, 1, 3);
      const [count, told] = isOptions(given[0]) ? [undefined, given[0]] : given;
      const command = [word, key(op, "key", name)];
      if (count === undefined) return run(this, op, command, one, told);
      return run(this, op, [...command, integer(op, "count", count)], many, told, known);
    };
  };

/** A command of a word and the arguments as they are checked. */
const wordsOf =
  (word: string, checks: readonly [name: string, check: Check][]): Words =>
  (op, given, codec) => {
    const command: Argument[] = [word];
    for (let index = 0; index < checks.length; index++) {
      const [name, check] = checks[index] as [string, Check];
      command.push(check(op, name, given[index], codec) as Argument);
    }
    return command;
  };

/** Sends a command with the words of its options. */
export function run(
  to: Commands<Mode>,
  op: string,
  command: Argument[],
  reply: Reply,
  told: unknown,
  known = NONE,
): unknown {
  const { codec } = to;
  const isForm = typeof reply !== "function";
  const decode = (forms: Forms<unknown>): Decoder<unknown> => {
    if (typeof reply === "string") return forms[reply];
    if (typeof reply === "object") return reply.of(forms);
    return reply === sum ? (found) => codec.integer(op, sum(found)) : reply;
  };
  if (told === undefined) return to.send(op, command, decode(codec.own));
  const chosen = options<Record<string, unknown>>(op, told, isForm ? [...known.names, "as"] : known.names);
  const words = [...command, ...known.words(op, chosen, codec)];
  return to.send(op, words, decode(formOf(codec, op, chosen["as"])), chosen.signal);
}
