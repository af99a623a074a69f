// Globals that a test environment may hide (jsdom has neither); then they come from Node. The build inserts these
// imports wherever the names are used (scripts/build.js).

interface Encoding {
  readonly TextEncoder: typeof globalThis.TextEncoder;
  readonly TextDecoder: typeof globalThis.TextDecoder;
}

interface Process {
  readonly getBuiltinModule?: (name: "node:util") => Encoding;
}

const { TextEncoder: encoder, process } = globalThis as { TextEncoder?: unknown; process?: Process };
const place = encoder === undefined ? process?.getBuiltinModule?.("node:util") : undefined;

export const { TextEncoder, TextDecoder }: Encoding = place ?? globalThis;
