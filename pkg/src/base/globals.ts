// What the package takes from the global object although a test environment may hide it there (Jest's jsdom does): then it comes
// from Node. The build puts the first two wherever their names are used (scripts/build.js).

interface Process {
  readonly getBuiltinModule?: <M>(name: string) => M | undefined;
}

interface Encoding {
  readonly TextEncoder: typeof globalThis.TextEncoder;
  readonly TextDecoder: typeof globalThis.TextDecoder;
}

interface Timers {
  readonly setImmediate?: (run: () => void) => void;
}

const { process } = globalThis as { process?: Process };
const host: Partial<Encoding> & Timers = globalThis;

export const { TextEncoder, TextDecoder } = (
  host.TextEncoder === undefined ? process?.getBuiltinModule?.<Encoding>("node:util") : host
) as Encoding;

/** Nothing where the host has none. */
export const setImmediate: Timers["setImmediate"] =
  host.setImmediate ?? process?.getBuiltinModule?.<Timers>("node:timers")?.setImmediate;
