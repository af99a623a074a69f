// The core's wasm where modules can be imported and bytes cannot be compiled: Workers.

import module from "./core.wasm";

/** The core, compiled when the Worker was deployed. */
export function coreModule(): WebAssembly.Module {
  return module;
}
