// Links that contain a program: `#run=` and its text. Nothing is run here.

const NAME = "#run=";

/** This page's address with a program in it. */
export function linkTo(source) {
  const bytes = Array.from(new TextEncoder().encode(source), (byte) => String.fromCharCode(byte));
  // Base64url: chat and mail programs keep it in one piece.
  const text = btoa(bytes.join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return new URL(NAME + text, location.href).href;
}

/** Whether an address contains a program. */
export const holdsProgram = (hash) => hash.startsWith(NAME);

/** The program in an address. Throws if it cannot be read. */
export function programIn(hash) {
  const bytes = atob(hash.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder("utf-8", { fatal: true }).decode(
    Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)),
  );
}
