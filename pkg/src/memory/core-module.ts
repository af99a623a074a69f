// The core's wasm, carried inside the module as text, so that no bundler has a file to find. Workers have another
// (core-module.workerd.ts): they refuse to compile bytes.

import text from "../../dist/bindgen/core.text";
import { embedded } from "../base/embedded.js";

/** Compiles the core: synchronously, so that `new MemoryStore()` needs nobody to wait. */
export function coreModule(): WebAssembly.Module {
  return new WebAssembly.Module(embedded(text));
}
