// The tests for both hosts, in Node.

import { describe, it } from "node:test";
import { subjects } from "../both/index.js";
import "./expose-gc.js";

for (const [subject, tests] of Object.entries(subjects)) {
  describe(subject, () => {
    for (const [name, test] of Object.entries(tests)) it(name, test);
  });
}
