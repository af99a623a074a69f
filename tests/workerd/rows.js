// The contents of Durable Objects' storage, as seen by another program that reads SQLite.

import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NODES } from "../nodes.js";

/** The sum of a counting query over the files of all objects. */
export function rows(storage, query) {
  const files = readdirSync(storage, { recursive: true })
    .filter((name) => name.endsWith(".sqlite") && !name.includes("metadata"))
    .map((name) => join(storage, name));
  const script = `
    import { DatabaseSync } from "node:sqlite";
    const [query, ...files] = process.argv.slice(1);
    const count = (file) => {
      const database = new DatabaseSync(file);
      return Object.values(database.prepare(query).get())[0];
    };
    console.log(files.reduce((sum, file) => sum + count(file), 0));`;
  const flags = ["--no-warnings", "--input-type=module", "--eval", script, "--", query, ...files];
  return Number(execFileSync(join(NODES[24], "node"), flags, { encoding: "utf8" }));
}
