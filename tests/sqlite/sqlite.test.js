// SQLite in the runtimes that have it: every conformance case, and what a file must survive (scenarios.js).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { suite } from "../js/suite.js";
import { conformance, run } from "../runtimes/start.js";
import { NAMES } from "./scenarios.js";

/** The runtimes, and their places in the matrix. */
const RUNTIMES = {
  "Node 24": ["Node", "sqlite"],
  "Node 20 with better-sqlite3": ["Node", "sqlite by better-sqlite3"],
  Bun: ["Bun", "sqlite"],
  Deno: ["Deno", "sqlite"],
  // The oldest `node:sqlite` lacks much; its place in the matrix is taken.
  "Node 22.13": undefined,
};

/** A scenario that takes longer hangs. */
const PATIENCE_MS = 240_000;

for (const [runtime, place] of Object.entries(RUNTIMES)) {
  if (place !== undefined) {
    const [host, backend] = place;
    suite({ host, backend, reviewed: "sqlite", run: conformance(runtime, "sqlite") });
  }
  describe(runtime, () => {
    for (const name of NAMES) {
      it(name, { timeout: PATIENCE_MS }, async () => {
        assert.equal((await run(runtime, "sqlite/scenarios.js", name)).trim(), "kept");
      });
    }
  });
}

describe("where there is no SQLite", () => {
  it("says what to install", async () => {
    const told = await run("Node 20 without", "sqlite/without.js");
    assert.match(told, /^unsupported: .*Node 22\.13 or newer.*npm install better-sqlite3@12/);
  });
});
