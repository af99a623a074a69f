// What can be at the caret: commands, keys, options. It must not touch the page.

import { commands, find } from "./commands.js";
import { OWN_WORDS } from "./session.js";
import { scan, typed } from "./words.js";

const MOST = 8;
const all = [...commands, ...OWN_WORDS];
/** The most frequent commands, suggested first. */
const FREQUENT =
  "GET SET DEL INCR EXPIRE TTL EXISTS HSET HGET HGETALL LPUSH RPUSH LPOP RPOP LRANGE SADD SMEMBERS MGET MSET KEYS RANGE SCAN".split(
    " ",
  );

/**
 * The suggestions for the word that ends at the caret: where the word begins, and the suggestions, each with a hint.
 * `keysFrom(start)` returns the keys that begin with `start`.
 *
 * @returns {Promise<{ start: number, items: { text: string, hint: string }[] }>}
 */
export async function complete(line, caret, keysFrom) {
  const before = line.slice(0, caret);
  const { words, open } = scan(before);
  const none = { start: caret, items: [] };
  if (open) return none;
  const isNew = before === "" || /\s$/.test(before);
  const last = isNew ? { start: caret, value: "" } : words.at(-1);
  const done = isNew ? words : words.slice(0, -1);
  if (typeof last.value !== "string") return none;
  if (done.length === 0) return { start: last.start, items: isNew ? [] : wordsFor(last.value) };
  if (String(done[0].value).toUpperCase() === "HELP")
    return { start: last.start, items: wordsFor(last.value) };
  const command = find(done[0].value);
  if (!command) return none;
  const place = done.length - 1;
  const argument = argumentAt(command, place);
  let items = [];
  if (argument?.isKey && last.value !== "") {
    const keys = await keysFrom(last.value);
    items = keys.filter((key) => key !== last.value).map((key) => ({ text: typed(key), hint: "key" }));
  } else if (argument?.words) {
    items = startingWith(argument.words, last.value).map((word) => ({ text: word, hint: "" }));
  } else if (!argument && !(isNew && command.options.length === 0)) {
    items = optionsFor(command, done.slice(1), last.value);
  }
  return { start: last.start, items: items.slice(0, MOST) };
}

/** The parts of a command's usage line, with the current one marked. */
export function hint(line, caret) {
  const before = line.slice(0, caret);
  const { words } = scan(before);
  const command = words.length > 0 ? findAny(words[0].value) : undefined;
  if (!command) return undefined;
  const given = words.slice(1).map(({ value }) => value);
  if (/\s$/.test(before)) given.push("");
  return { word: command.word, parts: command.parts, at: partAt(command, given), says: command.says };
}

/** The index of the usage part that the last word belongs to; -1 for none. */
function partAt(command, given) {
  if (given.length === 0) return -1;
  const args = command.parts.length - (command.options?.length ?? 0);
  const last = command.args?.at(-1);
  if (given.length <= args || (last?.many && !last.counted)) return Math.min(given.length, args) - 1;
  const [before, now] = given.slice(-2).map((word) => String(word).toUpperCase());
  const isAt = ({ word, argument }) => word === now || (argument !== undefined && word === before);
  const option = (command.options ?? []).findIndex(isAt);
  return option < 0 ? -1 : args + option;
}

function findAny(word) {
  return find(word) ?? OWN_WORDS.find((own) => own.word === String(word).toUpperCase());
}

function wordsFor(start) {
  const plain = start.replaceAll("-", "").toUpperCase();
  const rank = ({ word }) => {
    if (word === plain) return -1;
    const frequent = FREQUENT.indexOf(word);
    return frequent < 0 ? FREQUENT.length : frequent;
  };
  return all
    .filter(({ word }) => word.startsWith(plain))
    .sort((one, other) => rank(one) - rank(other))
    .map(({ word, parts, says }) => ({ text: word, hint: parts.join(" "), says }))
    .slice(0, MOST);
}

const startingWith = (words, start) => words.filter((word) => word.startsWith(start.toUpperCase()));

/** The argument that a word at this index is; `undefined` if it is in the options. */
function argumentAt(command, place) {
  let at = 0;
  for (const argument of command.args) {
    if (argument.counted) at += 1;
    if (argument.many) {
      if (place < at) return undefined;
      return argument.second && (place - at) % 2 === 1 ? argument.second : argument;
    }
    if (at === place) return argument.optional && command.options.length > 0 ? undefined : argument;
    at += 1;
  }
  return undefined;
}

function optionsFor(command, given, start) {
  const used = new Set(given.map(({ value }) => String(value).toUpperCase()));
  const before = String(given.at(-1)?.value ?? "").toUpperCase();
  if (command.options.some(({ word, argument }) => argument && word === before)) return [];
  return command.options
    .filter(({ word }) => word.startsWith(start.toUpperCase()) && !used.has(word))
    .map(({ word, argument }) => ({ text: word, hint: argument?.name ?? "" }));
}
