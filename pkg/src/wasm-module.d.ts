// The type of `import core from "omnikv/core.wasm"`, where wasm modules can be imported.

declare const module: WebAssembly.Module;
export default module;
