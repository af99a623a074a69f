// Decodes the wasm that a module contains as hexadecimal text: bundlers have no file to find, and do not change the
// text.

const hex = Uint8Array as unknown as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> };

/** Decodes a module's text. */
export function embedded(text: string): Uint8Array<ArrayBuffer> {
  if (hex.fromHex) return hex.fromHex(text);
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}

/** The error if compiling the bytes fails. */
export const CANNOT_COMPILE =
  "cannot compile WebAssembly: this page or runtime forbids it. A page allows it by 'wasm-unsafe-eval' in the script-src of its " +
  "Content-Security-Policy; of edge runtimes, Cloudflare Workers can be used, and those with a Node.js runtime";
