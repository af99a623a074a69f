// Lets tests collect garbage: `gc()`, as Node has it with --expose-gc.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
// Only contexts that are made from here on have it.
globalThis.gc = runInNewContext("gc");
