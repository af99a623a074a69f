// The runtime's own SQLite, as another program uses it, and programs of this folder in processes of their own.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A connection with `exec(text)` and `one(text)`, the first column of the first row. */
export function raw(path) {
  const { Database } = process.getBuiltinModule("bun:sqlite") ?? {};
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") ?? {};
  const Better = () => createRequire(`${process.cwd()}/`)("better-sqlite3");
  const database = new (Database ?? DatabaseSync ?? Better())(path);
  return {
    exec: (text) => void database.exec(text),
    one: (text) => Object.values(database.prepare(text).get())[0],
    close: () => database.close(),
  };
}

/** Starts a program of this folder with this runtime: its output by lines, and the process. */
export function start(program, ...args) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const words = process.versions.deno === undefined ? [] : ["run", "--quiet", "--allow-all"];
  const started = spawn(process.execPath, [...words, path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => started.on("close", resolve));
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  return { process: started, ended, line: async () => (await lines.next()).value };
}

/** Holds the file's write lock in another process; the result releases it. */
export async function held(path) {
  const { process: holder, ended, line } = start("hold.js", path);
  if ((await line()) !== "held") throw new Error("the lock is not held");
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
