// The wasm that a module carries as text. ../unpack says how it is written and puts it together: wasm itself, since JavaScript that
// has just been loaded takes three times as long.

import unpacker from "../dist/bindgen/unpack.text";

interface Unpacker {
  memory: WebAssembly.Memory;
  unpack: (text: number, end: number) => number;
}

/** The bytes of a module's text. */
export function unpacked(text: string): Uint8Array<ArrayBuffer> {
  const code = Uint8Array.from(unpacker.matchAll(/../g), ([pair]) => parseInt(pair, 16));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  const { memory, unpack } = exports as unknown as Unpacker;
  // The module goes behind its text; pkg/build sees to it that it is shorter than two of them.
  const start = memory.grow(Math.ceil((text.length * 3) / 65_536)) * 65_536;
  const end = start + text.length;
  new TextEncoder().encodeInto(text, new Uint8Array(memory.buffer, start));
  return new Uint8Array(memory.buffer).subarray(end, unpack(start, end));
}
