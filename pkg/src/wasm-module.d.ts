// What `import core from "omnikv/core.wasm"` gives where modules of wasm can be imported.

declare const module: WebAssembly.Module;
export default module;
