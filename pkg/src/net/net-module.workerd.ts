// The wasm of remote stores for Workers, where wasm modules can be imported and bytes cannot be compiled.

import module from "./net.wasm";

/** The module, compiled when the Worker was deployed. */
export function netModule(): Promise<WebAssembly.Module> {
  return Promise.resolve(module);
}
