// The wasm that a module carries as text, in hexadecimal digits: no bundler has a file to find, and none changes the text.

const hex = Uint8Array as unknown as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> };

/** The bytes behind a module's text. */
export function embedded(text: string): Uint8Array<ArrayBuffer> {
  if (hex.fromHex) return hex.fromHex(text);
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}
