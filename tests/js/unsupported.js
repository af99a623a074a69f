// What a backend may answer with `unsupported`: compares the reviewed table (tests/support/unsupported.json) with what
// really happens, like native Rust does. Everything listed must happen, and nothing else may.

import { readFileSync } from "node:fs";

const read = (name) => JSON.parse(readFileSync(new URL(`../support/${name}`, import.meta.url), "utf8"));
const COMMANDS = new Map(
  JSON.parse(readFileSync(new URL("../../pkg/dist/commands.json", import.meta.url), "utf8")).map(
    (command) => [command.name, command],
  ),
);
const TABLE = { ...read("unsupported.json"), "thin proxy": read("thin-proxy.json") };

/** Features that another project's server lacks, and how steps that need them fail. */
const NEEDS = {
  fails: (step, code) => step.error !== undefined && code === "unavailable",
  bytes: ({ reply, error }, code) =>
    holds(reply, "$hex") || (error === "invalid-value" && code === undefined),
  "past 2^53": ({ reply }) => holds(reply, "$int"),
};

const holds = (reply, form) => reply !== undefined && JSON.stringify(reply).includes(`"${form}":`);

/** Judges the cases of one backend. */
export class Unsupported {
  #rows;
  #met = new Set();

  /** The backend's rows of the table; without rows, nothing may fail. */
  constructor(backend) {
    const { options = {}, calls = {}, cases = {}, differs = {}, steps = {} } = TABLE[backend] ?? {};
    this.#rows = { options, calls, cases, differs, steps };
  }

  /** The table's verdict on a failed case: `unsupported`, `differs`, or `undefined`. */
  judge(testCase, failure) {
    const { options, calls, cases, differs, steps } = this.#rows;
    const { code, step = {} } = failure;
    const { name } = testCase;
    const met = (row, verdict) => {
      if (row !== undefined) this.#met.add(row);
      return row === undefined ? undefined : verdict;
    };
    if (name in differs) return met(name, "differs");
    if (code !== "unsupported") {
      return met(
        Object.keys(steps).find((need) => NEEDS[need](step, code)),
        "differs",
      );
    }
    const ops = step.multi ? ["multi"] : (step.pipeline ?? [step.call ?? step.drain ?? []]).map(([op]) => op);
    const rows = ops.flatMap((op = "") => {
      const { family = "", effect } = COMMANDS.get(op) ?? {};
      // Records can be read where there are none.
      if (op.includes(".") && effect === "Read") return [op];
      return [op, `${family}.*`, ...(effect === "Update" && !op.includes(".") ? ["updates"] : [])];
    });
    const option = Object.keys(testCase.options ?? {}).find((option) => option in options);
    return met(
      option ?? (name in cases ? name : undefined) ?? rows.find((row) => row in calls),
      "unsupported",
    );
  }

  /** The rows that were not needed, because what they list is supported after all. */
  idle() {
    return Object.values(this.#rows)
      .flatMap((rows) => Object.keys(rows))
      .filter((row) => !this.#met.has(row));
  }
}
