// Reads ASCII from the core's memory as a string, in the fastest way that the host has.

interface NodeBuffer {
  latin1Slice(start: number, end: number): string;
}
const NodeBuffer = (
  globalThis as unknown as {
    Buffer?: { from?(memory: ArrayBufferLike): NodeBuffer; prototype?: Partial<NodeBuffer> };
  }
).Buffer;
const hasLatin1Slice = typeof NodeBuffer?.prototype?.latin1Slice === "function";

/** For texts longer than this, a call of the decoder is faster. */
const SHORT = 64;

const decoder = new TextDecoder();
const { fromCharCode } = String;

let viewed: ArrayBufferLike | undefined;
let view: NodeBuffer;

/** Text of which every byte is ASCII. */
export function asciiText(bytes: Uint8Array, at: number, length: number): string {
  if (hasLatin1Slice) {
    if (viewed !== bytes.buffer) {
      viewed = bytes.buffer;
      view = NodeBuffer?.from?.(viewed) as NodeBuffer;
    }
    return view.latin1Slice(at, at + length);
  }
  if (length > SHORT) return decoder.decode(bytes.subarray(at, at + length));
  let text = "";
  const end = at + length;
  // Eight at a time: passing all of them to one call would have to spread them.
  for (; at + 8 <= end; at += 8) {
    text += fromCharCode(
      bytes[at] as number,
      bytes[at + 1] as number,
      bytes[at + 2] as number,
      bytes[at + 3] as number,
      bytes[at + 4] as number,
      bytes[at + 5] as number,
      bytes[at + 6] as number,
      bytes[at + 7] as number,
    );
  }
  for (; at < end; at++) text += fromCharCode(bytes[at] as number);
  return text;
}
