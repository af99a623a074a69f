// The conformance cases as tests of Node's runner, on any host and backend: compares failures with the reviewed table,
// and writes the results down for the matrix (tests/matrix.js). How a case runs does not matter here.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Unsupported } from "./unsupported.js";

const folder = new URL("../conformance/", import.meta.url);
const FILES = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && name !== "schema.json")
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
const ALL = FILES.reduce((sum, { cases }) => sum + cases.length, 0);
assert(ALL > 0, "there are no conformance cases");

const RUNS = new URL("../../target/matrix/", import.meta.url);

/**
 * Creates tests for every case: one test per file or, with `oneByOne`, one per case. `run(cases)` returns the failures,
 * with `name`, `message`, `code` and `step`. `reviewed` names the rows of the reviewed table, by default the backend.
 */
export function suite({ host, backend, run, reviewed = backend, oneByOne = false }) {
  const table = new Unsupported(reviewed);
  const ended = { passed: 0, unsupported: 0, differs: 0 };

  async function check(cases) {
    const failures = new Map((await run(cases)).map((failure) => [failure.name, failure]));
    const unexpected = [];
    for (const testCase of cases) {
      const failure = failures.get(testCase.name);
      const verdict = failure === undefined ? "passed" : table.judge(testCase, failure);
      if (verdict === undefined) unexpected.push(`${testCase.name}: ${failure.message}`);
      else ended[verdict]++;
    }
    assert(unexpected.length === 0, unexpected.join("\n"));
  }

  describe(`${host}, ${backend}`, () => {
    for (const { subject, cases } of FILES) {
      if (oneByOne) {
        describe(subject, () => {
          for (const testCase of cases) it(testCase.name, () => check([testCase]));
        });
      } else {
        it(`${subject} (${cases.length} cases)`, () => check(cases));
      }
    }

    it("supports everything that the table does not list", () => {
      assert.deepEqual(table.idle(), []);
      // If a case has failed, nothing is written down.
      if (ended.passed + ended.unsupported + ended.differs !== ALL) return;
      mkdirSync(RUNS, { recursive: true });
      const written = JSON.stringify({ host, backend, ...ended, notAsked: 0 });
      writeFileSync(new URL(`${encodeURIComponent(`${host}, ${backend}`)}.json`, RUNS), written);
    });
  });
}
