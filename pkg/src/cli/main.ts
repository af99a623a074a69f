/// <reference types="node" />
// The command `omnikv`: runs a subcommand and sets the exit code. What a subcommand does is not known here.

import { KvError } from "../index.js";
import { echo, suggestion } from "./options.js";
import { HELP as PLAYGROUND_HELP, playground } from "./playground.js";
import { HELP as SERVE_HELP, serve } from "./serve.js";
import { UsageError } from "./usage.js";

declare const VERSION: string;

const HELP = `omnikv ${VERSION}: one key-value API with Redis semantics

Usage: omnikv <command> [options]

Commands:
  serve       serves Upstash's REST protocol over a memory store or any other store
  playground  serves a page to try the commands

Options:
  -h, --help      prints this help or, after a command, that command's
  -v, --version   prints the version

Exit codes: 0 success, 1 failed, 2 usage error.
`;

/** The commands, with their help. */
const COMMANDS: Readonly<Record<string, { help: string; run: (words: string[]) => Promise<void> }>> = {
  serve: { help: SERVE_HELP, run: (words) => serve(words, process.env, VERSION) },
  playground: { help: PLAYGROUND_HELP, run: playground },
};

async function main([first, ...rest]: string[]): Promise<void> {
  const { stdout } = process;
  if (first === "-h" || first === "--help" || (first === "help" && rest.length === 0)) {
    stdout.write(HELP);
    return;
  }
  if (first === "-v" || first === "--version") {
    stdout.write(`${VERSION}\n`);
    return;
  }
  const names = Object.keys(COMMANDS);
  const name = first === "help" ? rest[0] : first;
  if (name === undefined) throw new UsageError(`expects a command: ${names.join(", ")}`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw new UsageError(`there is no command${echo(name)}${suggestion(name, names)}`);
  if (first === "help" || rest.includes("--help") || rest.includes("-h")) stdout.write(command.help);
  else await command.run(rest);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError || (error instanceof KvError && error.code === "invalid-argument");
  // Only our own errors are known to contain no secret.
  const isTold = isUsage || error instanceof KvError || (error as { isTold?: true }).isTold;
  const message = isTold ? (error as Error).message : `has failed: ${(error as Error).name}`;
  process.stderr.write(`omnikv: ${message}\n${isUsage ? "Try: omnikv --help\n" : ""}`);
  process.exitCode = isUsage ? 2 : 1;
});
