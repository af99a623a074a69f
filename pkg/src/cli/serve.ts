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

Serves Upstash's REST protocol on this machine, over a memory store or any other store. Clients are @upstash/redis, omnikv
itself (upstash+http://:TOKEN@127.0.0.1:8079) and anything that sends HTTP requests.

Options:
      --url URL               the store: any URL that connect() opens (default: memory:) [env OMNIKV_URL]
  -p, --port PORT             the port (default: 8079); 0 picks a free one
      --host HOST             the address to listen on (default: 127.0.0.1); 0.0.0.0 or :: accepts other machines
      --token TOKEN           token for full access (default: a random one) [env OMNIKV_TOKEN, UPSTASH_REDIS_REST_TOKEN]
      --read-only-token TOKEN token for read-only access; repeatable [env OMNIKV_READ_ONLY_TOKEN]
      --allow-origin ORIGIN   origin whose pages may send requests, such as http://localhost:3000; * for all; repeatable
      --prefix PREFIX         serves only the keys with this prefix
      --json                  prints the address as one line of JSON
  -q, --quiet                 prints nothing
  -h, --help                  prints this help

Other users can see command lines in the process list, so prefer the environment for tokens.
Ctrl+C or SIGTERM stops the server after it has answered running requests.

Exit codes: 0 stopped, 1 failed, 2 usage error.

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

/** Upstash allows longer keys than every store does; these schemes allow them too. */
const MAX_KEY_BYTES = 32 << 10;
const TAKES_LONG_KEYS = /^(:?memory|rediss?|upstash|upstash\+http|https?):/;

/** Serves until a signal arrives. */
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
