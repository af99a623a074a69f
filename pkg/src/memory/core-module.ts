// The core's wasm, contained in the module as text, so that bundlers have no file to find. Workers use another file
// (core-module.workerd.ts), because they refuse to compile bytes.

import text from "../../dist/bindgen/core.text";
import { embedded } from "../base/embedded.js";

/** Compiles the core synchronously, so that `new MemoryStore()` need not wait. */
export function coreModule(): WebAssembly.Module {
  return new WebAssembly.Module(embedded(text));
}
