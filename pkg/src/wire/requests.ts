// Requests on their way into a module's memory and replies on their way out of it. It must not know any operation, nor who
// waits.

import type { Call, Check } from "../memory/core.js";
import { failed, KvError } from "../base/errors.js";
import { type Argument, Heap, measure, Reader, Tag, Writer } from "./wire.js";

/** The most that one call can carry: the largest value, and something around it. */
const MAX_REQUEST = (128 + 1) * 1024 * 1024;

/** A module keeps a scratch buffer up to this size, and gives back a larger one after its request. */
const KEPT = 1 << 20;

/** One module's buffers. */
export class Requests {
  readonly #scratch: (bytes: number) => number;
  readonly #writer: Writer;
  readonly #backend: string;
  readonly heap: Heap;
  readonly reader: Reader;
  /** Where requests are written, and how many bytes fit. */
  #at = 0;
  #room = 0;

  /**
   * `scratch` makes room for so many bytes and gives its address, 0 where there is none; `backend` is the one that answers
   * where there is just one.
   */
  constructor(memory: WebAssembly.Memory, scratch: (bytes: number) => number, backend = "") {
    this.heap = new Heap(memory);
    this.#scratch = scratch;
    this.#backend = backend;
    this.#writer = new Writer(this.heap);
    this.reader = new Reader(this.heap);
  }

  /** Writes one command. */
  write(op: string, command: Argument[]): void {
    this.#reserve(op, 4 + measure(command));
    this.#writer.command(command);
  }

  /** Writes commands. */
  writeAll(op: string, calls: readonly Call[]): void {
    this.#reserve(op, measureAll(calls));
    this.#calls(calls);
  }

  /** Writes checks and commands. */
  writeChecked(op: string, checks: readonly Check[], calls: readonly Call[]): void {
    const keys = checks.map((check) => check.key);
    const expected = checks.map((check) => check.expected ?? "");
    this.#reserve(op, 4 + measure(keys) + measure(expected) + measureAll(calls));
    this.#writer.count(checks.length);
    for (const [index, check] of checks.entries()) {
      this.#writer.argument(check.key);
      if (check.expected === null) this.#writer.nothing();
      else this.#writer.argument(expected[index] as Argument);
    }
    this.#calls(calls);
  }

  /** The reply that lies there; an error is thrown. */
  read(at: number, op: string): Reader {
    this.reader.start(at, op);
    return this.reader;
  }

  /** The replies that lie there, each a result or an error of its own. */
  readAll(at: number, op: string, calls: readonly Call[]): unknown[] {
    const reader = this.read(at, op);
    if (reader.tag() !== Tag.Batch) throw failed(op, "internal", "got a reply of another kind");
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

  #calls(calls: readonly Call[]): void {
    this.#writer.count(calls.length);
    for (const { command } of calls) this.#writer.command(command);
  }

  #reserve(op: string, bytes: number): void {
    if (bytes > this.#room) {
      const at = bytes <= MAX_REQUEST ? this.#scratch(bytes) : 0;
      if (at === 0) {
        const code = bytes <= MAX_REQUEST ? "out-of-memory" : "too-large";
        throw failed(op, code, "was given too much at once", { backend: this.#backend });
      }
      this.#at = at;
      // A large buffer lives for one request.
      this.#room = bytes <= KEPT ? bytes : 0;
    }
    this.#writer.start(this.#at);
  }
}

function measureAll(calls: readonly Call[]): number {
  return calls.reduce((bytes, { command }) => bytes + 4 + measure(command), 4);
}
