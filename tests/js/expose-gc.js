// Lets tests collect garbage with `gc()`, like --expose-gc.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
// Only contexts created from now on have it.
globalThis.gc = runInNewContext("gc");
