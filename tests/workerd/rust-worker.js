// The Worker in Rust, as it is.

export * from "./index.js";
export { default } from "./index.js";
