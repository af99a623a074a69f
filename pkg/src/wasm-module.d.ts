// The type of `import core from "omnikv/core.wasm"`, where wasm modules can be imported. Without the DOM's or a
// Worker's types it has no name.

declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;
export default module;
