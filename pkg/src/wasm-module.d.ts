// What `import core from "omnikv/core.wasm"` gives where modules of wasm can be imported. Without the DOM's types, or a
// Worker's, there is no name for it.

declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;
export default module;
