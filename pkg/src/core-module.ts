// The core's wasm, carried inside the module as text, so that no bundler has a file to find. Workers have another
// (core-module.workerd.ts): they refuse to compile bytes.

import text from "../dist/bindgen/core.text";

/** Compiles the core: synchronously, so that `new MemoryStore()` needs nobody to wait. */
export function coreModule(): WebAssembly.Module {
  // scripts/embed.js says how bytes are written.
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const value = digit(text.charCodeAt(at));
    bytes[length++] = value < 88 ? value : (value - 87) * 88 + digit(text.charCodeAt(++at));
  }
  return new WebAssembly.Module(bytes.subarray(0, length));
}

const digit = (code: number): number => code - (code < 60 ? 35 : code < 92 ? 36 : 37);
