// What a backend may answer `unsupported`: the reviewed table (tests/support/unsupported.json) held against what really
// happens, as native Rust does. Whatever it lists must happen, and what it does not list must not.

import { readFileSync } from "node:fs";

const read = (name) => JSON.parse(readFileSync(new URL(`../support/${name}`, import.meta.url), "utf8"));
const TABLE = { ...read("unsupported.json"), "thin proxy": read("thin-proxy.json") };

/** What steps may need that someone else's server lacks, and how they fail then. */
const NEEDS = {
  fails: (step, code) => step.error !== undefined && code === "unavailable",
  bytes: ({ reply, error }, code) =>
    holds(reply, "$hex") || (error === "invalid-value" && code === undefined),
  "past 2^53": ({ reply }) => holds(reply, "$int"),
};

const holds = (reply, form) => reply !== undefined && JSON.stringify(reply).includes(`"${form}":`);

/** Judges the cases that run on one backend. */
export class Unsupported {
  #rows;
  #met = new Set();

  /** The backend's rows of the table; where it has none, nothing may fail. */
  constructor(backend) {
    const { options = {}, calls = {}, cases = {}, differs = {}, steps = {} } = TABLE[backend] ?? {};
    this.#rows = { options, calls, cases, differs, steps };
  }

  /** What the table says of a case that has failed: `unsupported`, `differs`, or nothing. */
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
    const rows = ops.flatMap((op = "") => (op.includes(".") ? [op, `${op.split(".")[0]}.*`] : [op]));
    const option = Object.keys(testCase.options ?? {}).find((option) => option in options);
    return met(
      option ?? (name in cases ? name : undefined) ?? rows.find((row) => row in calls),
      "unsupported",
    );
  }

  /** The rows that have not been met: what they list is supported after all. */
  idle() {
    return Object.values(this.#rows)
      .flatMap((rows) => Object.keys(rows))
      .filter((row) => !this.#met.has(row));
  }
}
