// A session on a store: one line in, one reply out, with transactions across lines. It must not touch the page.

import { readWords, UsageError } from "./arguments.js";
import { commands, find, meansNever, shape } from "./commands.js";
import { Status } from "./reply.js";
import { split } from "./words.js";

/** Commands of the console itself. */
export const OWN_WORDS = [
  {
    word: "HELP",
    parts: ["[command]"],
    usage: "HELP [command]",
    says: "What there is, or how one command is used.",
  },
  { word: "CLEAR", parts: [], usage: "CLEAR", says: "Empties the console; the store stays as it is." },
  { word: "MULTI", parts: [], usage: "MULTI", says: "Begins a transaction: commands are queued until EXEC." },
  { word: "EXEC", parts: [], usage: "EXEC", says: "Runs the queued commands as one." },
  { word: "DISCARD", parts: [], usage: "DISCARD", says: "Drops the queued commands." },
];

/** Commands that empty the store. */
const EMPTIES = new Set(["FLUSH", "FLUSHDB", "FLUSHALL"]);
const NEVER = "A time of 0 means never: the key does not expire. Redis answers an error there.";

/** Runs lines on a store. */
export class Session {
  /** A remark about the last reply, if any. */
  remark;
  #kv;
  #mayEmpty;
  /** The current transaction, and its commands. */
  #queued;

  /** `mayEmpty()` is called before the store is emptied, and throws if that is not confirmed. */
  constructor(kv, mayEmpty = () => undefined) {
    this.#kv = kv;
    this.#mayEmpty = mayEmpty;
  }

  /** Whether commands are being queued. */
  get inTransaction() {
    return this.#queued !== undefined;
  }

  /**
   * Runs a line and returns its reply; `undefined` for an empty line. Rejects with a usage error, or with the store's
   * error.
   */
  async run(line) {
    this.remark = undefined;
    const words = split(line);
    if (words.length === 0) return undefined;
    const [first, ...rest] = words;
    switch (String(first).toUpperCase()) {
      case "HELP":
        return new Status(help(rest[0]));
      case "MULTI":
        if (this.#queued) throw new UsageError("MULTI cannot stand inside a transaction");
        this.#queued = { chain: this.#kv.multi(), told: [] };
        return new Status("OK");
      case "DISCARD":
        this.#end("DISCARD");
        return new Status("OK");
      case "EXEC":
        return this.#exec();
      default:
        return this.#command(first, rest);
    }
  }

  async #command(word, rest) {
    const command = find(word);
    if (!command) throw new UsageError(`there is no command ${JSON.stringify(String(word))}; try HELP`);
    const [args, options] = readWords(command, rest);
    let { call } = command;
    if (EMPTIES.has(command.word)) {
      await this.#mayEmpty();
      // A store on a server needs a confirmation that all of it is meant.
      call = (kv) => kv.flush({ all: true });
    }
    if (!this.#queued) return this.#answer({ ...command, call }, args, options);
    if (command.local) throw new UsageError(`${command.word} cannot stand inside a transaction`);
    call(this.#queued.chain, args, options);
    this.#queued.told.push([command, options]);
    return new Status("QUEUED");
  }

  async #answer(command, args, options) {
    const reply = shape(command, await command.call(this.#kv, args, options), options);
    if (reply !== null && meansNever(command, args, options)) this.remark = NEVER;
    return reply;
  }

  async #exec() {
    const { chain, told } = this.#end("EXEC");
    const answers = await chain.exec();
    return answers.map((answer, index) =>
      answer instanceof Error ? answer : shape(told[index][0], answer, told[index][1]),
    );
  }

  #end(word) {
    const queued = this.#queued;
    if (!queued) throw new UsageError(`${word} without MULTI`);
    this.#queued = undefined;
    return queued;
  }
}

function help(word) {
  if (word !== undefined) return helpOn(word);
  const groups = [...new Set(commands.map(({ group }) => group))];
  const lines = groups.map((group) => {
    const words = commands.filter((command) => command.group === group).map((command) => command.word);
    return `${group.padEnd(8)} ${words.join(" ")}`;
  });
  return [
    ...lines,
    `${"console".padEnd(8)} ${OWN_WORDS.map((own) => own.word).join(" ")}`,
    "",
    "HELP SET says how one is used. Capitals and hyphens do not matter.",
  ].join("\n");
}

function helpOn(word) {
  const command = find(word) ?? OWN_WORDS.find((own) => own.word === String(word).toUpperCase());
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(String(word))}; try HELP`);
  const names =
    command.method && command.group !== "also" ? [`in JavaScript: kv.${command.method}(...)`] : [];
  return [command.usage, command.says, ...names].join("\n");
}
