// The wasm of all stores, carried as the core's is (core-module.ts).

import text from "../../dist/bindgen/net.text";
import { embedded } from "../base/embedded.js";

/** Compiles it beside whatever else the program does: browsers want that for larger modules. */
export function netModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(embedded(text));
}
