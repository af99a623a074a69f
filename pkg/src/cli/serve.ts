// `omnikv serve`: parses its options, opens the store, listens until it is stopped. It must not print a token that it
// was given.

import { randomBytes } from "node:crypto";
import { openGate } from "../gateway.js";
import { connect } from "../index.js";
import { banner, shown } from "./banner.js";
import { listen, stopped } from "./listen.js";
import { portOf, read } from "./options.js";
import { UsageError } from "./usage.js";

export const HELP = `Usage: omnikv serve [options]

Serves Upstash's REST protocol on this machine: for @upstash/redis, for omnikv itself (upstash+http://:TOKEN@127.0.0.1:8079),
for anything that can send an HTTP request. In memory, or before a store of your own.

Options:
      --url URL               the store: memory: (as it is when left out), or any URL that connect() takes [env OMNIKV_URL]
  -p, --port PORT             8079 when left out; 0: any that is free
      --host HOST             127.0.0.1 when left out; 0.0.0.0 or :: lets other machines in
      --token TOKEN           who may do everything [env OMNIKV_TOKEN, UPSTASH_REDIS_REST_TOKEN]; a random one when there is none
      --read-only-token TOKEN who may do what changes nothing; more than once for more [env OMNIKV_READ_ONLY_TOKEN]
      --allow-origin ORIGIN   whose pages may send requests, such as http://localhost:3000; * for all; more than once for more
      --prefix PREFIX         a namespace in the store, which clients cannot leave
      --json                  says what it listens on as one line of JSON
  -q, --quiet                 says nothing
  -h, --help                  this text

A token on the command line is seen by everybody who can list processes: the environment is the better place.
It stops at Ctrl+C or SIGTERM, when it has answered what it was asked.

Example:
  OMNIKV_TOKEN=secret npx omnikv serve
  curl -H "Authorization: Bearer secret" http://127.0.0.1:8079/set/greeting/hello
`;

const OPTIONS = {
  url: { type: "string" },
  port: { type: "string", short: "p" },
  host: { type: "string" },
  token: { type: "string" },
  "read-only-token": { type: "string", multiple: true },
  "allow-origin": { type: "string", multiple: true },
  prefix: { type: "string" },
  json: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
} as const;

/** Upstash takes longer keys than every store does; these take them too. */
const MAX_KEY_BYTES = 32 << 10;
const TAKES_LONG_KEYS = /^(:?memory|rediss?|upstash|upstash\+http|https?):/;

/** Serves until a signal comes. */
export async function serve(words: string[], env: NodeJS.ProcessEnv, version: string): Promise<void> {
  const given = read("serve", words, OPTIONS);
  const told = given.token ?? env["OMNIKV_TOKEN"] ?? env["UPSTASH_REDIS_REST_TOKEN"];
  if (told === "") throw new UsageError("(token) expects a text that is not empty");
  if (told === undefined && given.quiet) {
    throw new UsageError("expects a token with --quiet: nobody would see a random one");
  }
  const token = told ?? randomBytes(24).toString("base64url");
  const reader = env["OMNIKV_READ_ONLY_TOKEN"];
  const readOnlyTokens = given["read-only-token"] ?? (reader ? [reader] : []);
  if (readOnlyTokens.includes(token)) {
    throw new UsageError("expects --read-only-token to be another than --token");
  }
  const port = portOf(given.port ?? "8079");

  const url = given.url ?? (env["OMNIKV_URL"] || "memory:");
  const store = await connect(url, {
    prefix: given.prefix,
    maxKeyBytes: TAKES_LONG_KEYS.test(url) ? MAX_KEY_BYTES : undefined,
  });
  try {
    const gate = await openGate(store, { token, readOnlyTokens, allowedOrigins: given["allow-origin"] });
    const server = await listen(gate, port, given.host ?? "127.0.0.1");
    const facts = { url: server.url, store: shown(url), token: told === undefined ? token : undefined };
    if (given.json) process.stdout.write(`${JSON.stringify({ ...facts, pid: process.pid })}\n`);
    else if (!given.quiet) process.stdout.write(banner(facts, version, isColourful(env)));
    await stopped(server.stop);
  } finally {
    await store.close();
  }
}

const isColourful = (env: NodeJS.ProcessEnv) =>
  process.stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";
