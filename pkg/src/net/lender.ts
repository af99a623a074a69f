// A store of the memory store's module, as the other module sees it (src/binding/js-net/lent.rs is the other side): commands come
// as words and replies go as they are written. It must not know any operation.

import type { Call, Connection } from "../wire/connection.js";
import type { Reader } from "../wire/wire.js";

/** A lent store. */
export class Lender {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  run(checks: [string, Uint8Array | null][] | undefined, commands: Uint8Array[][]): unknown {
    const decode = (reader: Reader) => reader.raw();
    // The first word must be text: it tells the connection which commands change nothing.
    const calls: Call[] = commands.map(([word, ...rest]) => ({
      op: "",
      command: [ascii(word as Uint8Array), ...rest.map(known)],
      decode,
    }));
    return checks === undefined
      ? this.#connection.pipeline(calls)
      : this.#connection.multi(
          checks.map(([key, expected]) => ({ key, expected })),
          calls,
        );
  }

  stats(): unknown {
    return this.#connection.stats();
  }

  capabilities(): unknown {
    return this.#connection.capabilities();
  }
}

const ascii = (word: Uint8Array) => String.fromCharCode(...word);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Keys must be text, because the cache is invalidated by text; what is not UTF-8 cannot be a key. */
function known(word: Uint8Array): string | Uint8Array {
  try {
    return decoder.decode(word);
  } catch {
    return word;
  }
}
