// The core's wasm, carried inside the module, so that no bundler has a file to find. Workers have another
// (core-module.workerd.ts): they refuse to compile bytes.

import hex from "../dist/bindgen/core.hex";

/** Compiles the core: synchronously, so that `new MemoryStore()` needs nobody to wait. */
export function coreModule(): WebAssembly.Module {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = digit(hex.charCodeAt(2 * index)) * 16 + digit(hex.charCodeAt(2 * index + 1));
  }
  return new WebAssembly.Module(bytes);
}

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);
