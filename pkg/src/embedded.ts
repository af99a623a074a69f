// Bytes that a module carries as text (scripts/embed.js says how they are written). It must not know what they are.

/** The bytes of a text. */
export function embedded(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const value = digit(text.charCodeAt(at));
    bytes[length++] = value < 88 ? value : (value - 87) * 88 + digit(text.charCodeAt(++at));
  }
  return bytes.subarray(0, length);
}

const digit = (code: number): number => code - (code < 60 ? 35 : code < 92 ? 36 : 37);
