/// <reference types="node" />
// The command `omnikv`: runs a subcommand and sets the exit code. What a subcommand does is not known here.

import { KvError } from "../index.js";
import { HELP as SERVE_HELP, serve } from "./serve.js";
import { UsageError } from "./usage.js";

declare const VERSION: string;

const HELP = `omnikv ${VERSION}: one key-value API with Redis semantics

Usage: omnikv <command> [options]

Commands:
  serve           serves Upstash's REST protocol over a memory store or any other store

Options:
  -h, --help      prints this help or, after a command, that command's
  -v, --version   prints the version

Exit codes: 0 success, 1 failed, 2 usage error.
`;

async function main([command, ...rest]: string[]): Promise<void> {
  const { stdout } = process;
  if (command === "-h" || command === "--help" || (command === "help" && rest.length === 0)) {
    stdout.write(HELP);
  } else if (command === "-v" || command === "--version") {
    stdout.write(`${VERSION}\n`);
  } else if (command === "serve" || (command === "help" && rest[0] === "serve")) {
    if (command === "help" || rest.includes("--help") || rest.includes("-h")) stdout.write(SERVE_HELP);
    else await serve(rest, process.env, VERSION);
  } else {
    throw new UsageError(command === undefined ? "expects a command: serve" : "there is no such command");
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError || (error instanceof KvError && error.code === "invalid-argument");
  // Only our own errors are known to contain no secret.
  const isTold = isUsage || error instanceof KvError || (error as { isTold?: true }).isTold;
  const message = isTold ? (error as Error).message : `has failed: ${(error as Error).name}`;
  process.stderr.write(`omnikv: ${message}\n${isUsage ? "Try: omnikv --help, omnikv serve --help\n" : ""}`);
  process.exitCode = isUsage ? 2 : 1;
});
