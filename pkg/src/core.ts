// One handle on a store in the core: loads the wasm at first use, carries commands in and replies out. It must not know
// any operation.

import { coreModule } from "#core-module";
import * as glue from "../dist/bindgen/core.js";
import { failed, KvError, type KvErrorCode } from "./errors.js";
import type { Decoder } from "./replies.js";
import { type Argument, Heap, prepare, Reader, room, Tag, Writer } from "./wire.js";

/** A command and how to read its reply. */
export interface Call {
  readonly op: string;
  readonly command: readonly Argument[];
  readonly decode: Decoder<unknown>;
}

/** A key and the value that it must still hold; `null`: it must not exist. */
export type Check = readonly [key: string, expected: Argument | null];

/** What the core is told when a store is opened. */
export interface CoreOptions {
  readonly prefix?: string;
  readonly defaultTtlMs?: number;
  readonly maxBytes?: number;
  readonly maxKeyBytes?: number;
}

/** The most that one call can carry: the largest value, and something around it. */
const MAX_REQUEST = (128 + 1) * 1024 * 1024;

interface Loaded {
  readonly writer: Writer;
  readonly reader: Reader;
}

let loaded: Loaded | undefined;

function load(): Loaded {
  if (loaded) return loaded;
  const { memory } = glue.initSync({ module: coreModule() });
  const heap = new Heap(memory);
  loaded = { writer: new Writer(heap), reader: new Reader(heap) };
  return loaded;
}

/** A handle on a store in memory. */
export class Core {
  #handle: glue.Core | undefined;
  readonly #writer: Writer;
  readonly #reader: Reader;

  private constructor(open: () => glue.Core | undefined) {
    const { writer, reader } = load();
    this.#writer = writer;
    this.#reader = reader;
    this.#handle = open();
  }

  /** Opens a store; `clock` gives milliseconds since 1970. */
  static open(op: string, url: string, options: CoreOptions, clock: (() => number) | undefined): Core {
    return new Core(() => asking(op, () => new glue.Core(url, options, clock, seed())));
  }

  /** Another handle on the same store, with another prefix behind this one's; a closed one, once this one is closed. */
  withPrefix(prefix: string): Core {
    return new Core(() => asking("withPrefix", () => this.#handle?.withPrefix(prefix)));
  }

  /** Runs one command. */
  call<V>(op: string, command: readonly Argument[], decode: Decoder<V>): V {
    const handle = this.#open(op);
    const words = command.map(prepare);
    this.#reserve(op, 4 + total(words));
    this.#writer.command(words);
    this.#reader.start(handle.call(), op);
    return decode(this.#reader);
  }

  /** Runs commands in one trip, each with a result or an error of its own. */
  pipeline(calls: readonly Call[]): unknown[] {
    const handle = this.#open("pipeline");
    const commands = calls.map(({ command }) => command.map(prepare));
    this.#reserve("pipeline", sum(commands));
    this.#writeAll(commands);
    this.#reader.start(handle.pipeline(), "pipeline");
    return this.#results(calls);
  }

  /** Runs commands as one, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[]): unknown[] {
    const handle = this.#open("multi");
    const commands = calls.map(({ command }) => command.map(prepare));
    const expectations = checks.map(
      ([key, expected]) => [key, expected === null ? null : prepare(expected)] as const,
    );
    const names = expectations.flatMap(([key, expected]) => [key, expected ?? ""]);
    this.#reserve("multi", 4 + total(names) + sum(commands));
    this.#writer.count(expectations.length);
    for (const [key, expected] of expectations) {
      this.#writer.argument(key);
      this.#writer.optional(expected);
    }
    this.#writeAll(commands);
    this.#reader.start(handle.multi(), "multi");
    return this.#results(calls);
  }

  stats(): unknown {
    return asking("stats", () => this.#open("stats").stats());
  }

  capabilities(): unknown {
    return asking("capabilities", () => this.#open("capabilities").capabilities());
  }

  /** Gives the handle back; every later call answers `closed`. */
  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (!handle) return;
    try {
      asking("close", () => handle.close());
    } finally {
      handle.free();
    }
  }

  #open(op: string): glue.Core {
    if (this.#handle) return this.#handle;
    throw failed(op, "closed", "cannot be done: the store has been closed", { backend: "memory" });
  }

  #reserve(op: string, bytes: number): void {
    const at = bytes <= MAX_REQUEST ? glue.scratch(bytes) : 0;
    if (at === 0) {
      const code = bytes <= MAX_REQUEST ? "out-of-memory" : "too-large";
      throw failed(op, code, "was given too much at once", { backend: "memory" });
    }
    this.#writer.start(at);
  }

  #writeAll(commands: readonly (readonly Argument[])[]): void {
    this.#writer.count(commands.length);
    for (const command of commands) this.#writer.command(command);
  }

  #results(calls: readonly Call[]): unknown[] {
    const reader = this.#reader;
    if (reader.tag() !== Tag.Batch) throw failed("pipeline", "internal", "got a reply of another kind");
    reader.count();
    return calls.map(({ op, decode }) => {
      const start = reader.at;
      reader.skip();
      const end = reader.at;
      reader.start(start, op);
      try {
        return decode(reader);
      } catch (error) {
        if (error instanceof KvError) return error;
        throw error;
      } finally {
        reader.at = end;
      }
    });
  }
}

const total = (words: readonly Argument[]): number => words.reduce((bytes, word) => bytes + room(word), 0);
const sum = (commands: readonly (readonly Argument[])[]): number =>
  commands.reduce((bytes, words) => bytes + 4 + total(words), 4);

/** Calls the core where it throws its errors as plain objects, and makes them ours. */
function asking<V>(op: string, ask: () => V): V {
  try {
    return ask();
  } catch (error) {
    const { code, message, ...details } = error as { code?: KvErrorCode; message: string };
    if (code === undefined || error instanceof Error) throw error;
    // The seeds' own words stand alone: "Unsupported KVS URL: ...".
    if (code === "unsupported") throw new KvError(code, message, { ...details, op });
    throw failed(op, code, message, details);
  }
}

/** Drawn when a store is opened, never when a module is loaded: Workers refuse randomness there. */
function seed(): bigint {
  const [seed] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
  return seed as bigint;
}
