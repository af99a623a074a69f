// Requests into a module's memory and replies out of it. No knowledge of operations or callers.

import type { Call, Check } from "./connection.js";
import { failed, KvError } from "../base/errors.js";
import { type Argument, Heap, measure, Reader, Tag, Writer } from "./wire.js";

/** The largest request: the largest value, and some overhead. */
const MAX_REQUEST = (128 + 1) * 1024 * 1024;

/** A module keeps a scratch buffer up to this size; a larger one is freed after its request. */
const KEPT = 1 << 20;

/** The address of the request buffer, and its size. */
export interface Room {
  at: number;
  bytes: number;
}

/** One module's buffers. */
export class Requests {
  readonly #scratch: (bytes: number) => number;
  readonly #writer: Writer;
  readonly #backend: string;
  readonly #room: Room;
  readonly heap: Heap;
  readonly reader: Reader;

  /**
   * `scratch` allocates this many bytes and returns the address, or 0 if there is no memory; `backend` is the backend's
   * name, if there is only one; `room` is shared by everything that writes there; `kept` returns the cause of an error
   * by its number.
   */
  constructor(
    memory: { readonly buffer: ArrayBuffer },
    scratch: (bytes: number) => number,
    backend = "",
    room: Room = { at: 0, bytes: 0 },
    kept?: (number: number) => unknown,
  ) {
    this.#room = room;
    this.heap = new Heap(memory);
    this.#scratch = scratch;
    this.#backend = backend;
    this.#writer = new Writer(this.heap);
    this.reader = new Reader(this.heap, kept);
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

  /** The reply at this address; an error reply is thrown. */
  read(at: number, op: string): Reader {
    this.reader.start(at, op);
    return this.reader;
  }

  /** The replies at this address, each a result or an error. */
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
    const room = this.#room;
    if (bytes > room.bytes) {
      const at = bytes <= MAX_REQUEST ? this.#scratch(bytes) : 0;
      if (at === 0) {
        const code = bytes <= MAX_REQUEST ? "out-of-memory" : "too-large";
        throw failed(op, code, "was given too much at once", { backend: this.#backend });
      }
      room.at = at;
      // A large buffer is used for one request only.
      room.bytes = bytes <= KEPT ? bytes : 0;
    }
    this.#writer.start(room.at);
  }
}

function measureAll(calls: readonly Call[]): number {
  return calls.reduce((bytes, { command }) => bytes + 4 + measure(command), 4);
}
