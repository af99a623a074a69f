// The types of imports that the build replaces.

declare module "*.text" {
  const text: string;
  export default text;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "cloudflare:sockets" {
  export const connect: unknown;
}
