// The wasm of remote stores, contained like the core's (core-module.ts).

import text from "../../dist/bindgen/net.text";
import { embedded } from "../base/embedded.js";

/** Compiles it asynchronously: browsers require that for larger modules. */
export function netModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(embedded(text));
}
