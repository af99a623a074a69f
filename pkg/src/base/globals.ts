// Globals that a test environment may hide (Jest's jsdom does); then they come from Node. The build inserts the encoder
// and the decoder wherever their names are used (scripts/build.js).

interface Process {
  readonly getBuiltinModule?: <M>(name: string) => M | undefined;
}

interface Encoding {
  readonly TextEncoder: typeof globalThis.TextEncoder;
  readonly TextDecoder: typeof globalThis.TextDecoder;
}

const { process } = globalThis as { process?: Process };

/** A module of Node, if available. It is not imported, so that bundlers for browsers find nothing. */
export const fromNode = <M>(name: string): M | undefined => process?.getBuiltinModule?.<M>(name);

const host: Partial<Encoding> = globalThis;

export const { TextEncoder, TextDecoder } = (
  host.TextEncoder === undefined ? fromNode<Encoding>("node:util") : host
) as Encoding;
