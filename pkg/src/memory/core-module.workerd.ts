// The core's wasm for Workers, where wasm modules can be imported and bytes cannot be compiled.

import module from "./core.wasm";

/** The core, compiled when the Worker was deployed. */
export function coreModule(): WebAssembly.Module {
  return module;
}
