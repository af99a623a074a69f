// Every conformance case on the component, in Node, through jco.

import { runCase } from "../js/case.js";
import { suite } from "../js/suite.js";
import { runAll } from "../js/world.js";
import { open } from "./store.js";

suite({
  host: "jco",
  backend: "memory",
  reviewed: "jco",
  oneByOne: true,
  run: (cases) => runAll(cases, runCase, open),
});
