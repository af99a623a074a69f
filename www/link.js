// Links that hold a program: `#run=` and its text. It must not run it.

const NAME = "#run=";

/** The address of this page with a program in it. */
export function linkTo(source) {
  const bytes = Array.from(new TextEncoder().encode(source), (byte) => String.fromCharCode(byte));
  // Base64 with letters that chats and mails leave in a link.
  const text = btoa(bytes.join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return new URL(NAME + text, location.href).href;
}

/** Whether an address holds a program. */
export const holdsProgram = (hash) => hash.startsWith(NAME);

/** The program of an address. Throws when there is none that can be read. */
export function programIn(hash) {
  const bytes = atob(hash.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder("utf-8", { fatal: true }).decode(
    Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)),
  );
}
