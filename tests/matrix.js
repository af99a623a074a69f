// The matrix of hosts and backends: the recorded results of the conformance cases (target/matrix), as a table. Prints
// it and compares it with the one in `www/matrix.md`; `--write` updates that. Contains no numbers itself.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The columns. */
const HOSTS = ["Rust", "Node", "Deno", "Bun", "Chromium", "workerd", "wasmtime", "jco"];

/** The rows: each backend with the name in its runs and the name for readers. */
const BACKENDS = {
  memory: "`memory:`",
  "memory, synchronous": "`MemoryStore`",
  redis: "`redis://`",
  "gateway over redis": "`upstash://`, our gateway before a redis-server",
  "thin proxy": "`upstash://`, someone else's thin proxy before one",
  "gateway over memory": "`upstash://`, our gateway before memory",
  "Worker over memory": "`upstash://`, our Worker in Rust before memory",
  "Worker over durable-object": "`upstash://`, our Worker in Rust before Durable Objects",
  "Worker over d1": "`upstash://`, our Worker in Rust before D1",
  "durable-object": "`durable-object:`",
  "cloudflare-kv": "`cloudflare-kv:`",
  "cloudflare-kv that may race": "`cloudflare-kv:`, `nonatomic=allow`",
  "cloudflare-kv over REST": "`cloudflare-kv://`, REST, `nonatomic=allow`",
  sqlite: "`sqlite:`",
  rqlite: "`rqlite://`",
  d1: "`d1:`",
  "sqlite by better-sqlite3": "`sqlite:`, better-sqlite3 in Node 20",
  postgres: "`postgres://`",
  indexeddb: "`indexeddb:`",
  memcached: "`memcached://`",
};

const RUNS = new URL("../target/matrix/", import.meta.url);
const PAGE = new URL("../www/matrix.md", import.meta.url);
const [BEGIN, END] = ["<!-- matrix: node tests/matrix.js --write -->\n", "<!-- /matrix -->\n"];

/** The recorded runs, by host and backend. */
function runs() {
  const found = new Map();
  for (const name of readdirSync(RUNS)) {
    const run = JSON.parse(readFileSync(new URL(encodeURIComponent(name), RUNS), "utf8"));
    const { host, backend } = run;
    if (!HOSTS.includes(host) || !(backend in BACKENDS)) {
      throw new Error(`tests/matrix.js has no place for ${backend} in ${host}`);
    }
    found.set(`${host}, ${backend}`, run);
  }
  return found;
}

/** A cell of the table: how many cases passed, and other results. */
function cell(run) {
  if (run === undefined) return "–";
  const { passed, unsupported, differs, notAsked } = run;
  const rest = [
    [unsupported, "u"],
    [differs, "d"],
    [notAsked, "n"],
  ];
  return [passed, ...rest.filter(([count]) => count > 0).map(([count, why]) => `${count}${why}`)].join(" + ");
}

function table() {
  const found = runs();
  const totals = new Set(
    [...found.values()].map(
      ({ passed, unsupported, differs, notAsked }) => passed + unsupported + differs + notAsked,
    ),
  );
  if (totals.size !== 1)
    throw new Error(`the runs are of different cases: ${[...totals]}; run them all anew`);
  const row = (cells) => `| ${cells.join(" | ")} |\n`;
  const lines = Object.entries(BACKENDS).map(([backend, shown]) =>
    row([shown, ...HOSTS.map((host) => cell(found.get(`${host}, ${backend}`)))]),
  );
  return (
    row([`of ${[...totals]} cases`, ...HOSTS]) + row(["---", ...HOSTS.map(() => "---:")]) + lines.join("")
  );
}

const made = table();
process.stdout.write(`\n${made}\n`);
const page = readFileSync(PAGE, "utf8");
const [begin, end] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
if (begin < BEGIN.length || end < begin) throw new Error("www/matrix.md has no place for the matrix");
if (process.argv[2] === "--write") {
  writeFileSync(PAGE, page.slice(0, begin) + made + page.slice(end));
} else if (page.slice(begin, end) !== made) {
  console.error("The matrix in www/matrix.md is another: node tests/matrix.js --write puts this one there.");
  process.exitCode = 1;
}
