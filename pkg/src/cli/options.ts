// Parses the arguments of a command. Unknown arguments are only quoted if they are names: anything else may be a
// secret.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usage.js";

type Known = NonNullable<ParseArgsConfig["options"]>;

/** The given options. */
export function read<O extends Known>(command: string, words: string[], options: O) {
  const config = { args: words, options, strict: true, allowPositionals: false } as const;
  try {
    return parseArgs(config).values;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const names = Object.keys(options).map((name) => `--${name}`);
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      // Node quotes the option's name, without a value after an equals sign.
      const name = /'(-[^\s'=]*)/.exec(message)?.[1] ?? "";
      throw new UsageError(`${command} has no option${echo(name)}${suggestion(name, names)}`);
    }
    const name = names.find((each) => message.includes(each));
    throw new UsageError(
      name === undefined
        ? `${command} takes only options, each with its name before it: ${names.join(", ")}`
        : `${command} cannot read what it was given for ${name}`,
    );
  }
}

/** Quotes an unknown word if it looks like a name. */
export const echo = (word: string) => (/^[a-z-]{2,24}$/i.test(word) ? ` ${word}` : " of that name");

/** The most similar name, or all names. */
export function suggestion(word: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, away: name.startsWith(word) && word.length > 2 ? 0 : distance(word, name) }))
    .filter(({ away }) => away <= 2)
    .sort((one, other) => one.away - other.away)[0];
  return near === undefined ? `: there are ${names.join(", ")}` : `: did you mean ${near.name}?`;
}

/** The edit distance of two words. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at++) {
      const replaced = (row[at] as number) + (to[at] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] as number) + 1, (next[at] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

/** Parses a port. */
export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError("(port) expects a number from 0 to 65535");
  return port;
}
