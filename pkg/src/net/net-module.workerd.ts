// The wasm of all stores where modules can be imported and bytes cannot be compiled: Workers.

import module from "./net.wasm";

/** The module, compiled when the Worker was deployed. */
export function netModule(): Promise<WebAssembly.Module> {
  return Promise.resolve(module);
}
