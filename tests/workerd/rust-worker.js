// The Worker in Rust, unchanged.

export * from "./index.js";
export { default } from "./index.js";
