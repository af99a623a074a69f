// Handles on PostgreSQL: the same as `net.ts` over another wasm, which also speaks PostgreSQL's protocol (`#net-module` and the
// glue are replaced in the build). A separate module, loaded when a URL needs it.

export { open } from "./net.js";
