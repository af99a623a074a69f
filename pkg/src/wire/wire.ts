// Commands and replies as bytes in the core's memory. It must not know any operation: only how arguments are written
// and answers are laid out (src/binding/js/lib.rs is the other side).

import { failed, type KvError, type KvErrorCode } from "../base/errors.js";
import { asciiText } from "./text.js";

/** A word of a command; text is sent as UTF-8. */
export type Argument = string | Uint8Array;

/** The type of a reply. */
export enum Tag {
  Nil = 0,
  Ok = 1,
  Int = 2,
  Bytes = 3,
  List = 4,
  Ints = 5,
  Page = 6,
  Error = 7,
  Batch = 8,
}

/** The length that means "null". */
const ABSENT = 0xffff_ffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Texts up to this many characters are written by a loop: calling the encoder costs more. */
const SHORT = 24;
/** Texts up to this many bytes are checked first: most are ASCII, which can be read faster than with the decoder. */
const ASCII = 256;
/** Texts of more characters are encoded separately: reserving three times their length would be too much. */
const LONG = 1 << 16;

/** Decodes text. Bytes that are not UTF-8 are rejected, not replaced; `way` says how to read them as bytes. */
export function utf8(op: string, bytes: Uint8Array, way = ""): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw failed(op, "invalid-value", `found bytes that are not UTF-8, which ${way}{ as: "bytes" } reads`);
  }
}

/** The most bytes that words can take in a request. Words that would reserve too much are encoded to bytes here. */
export function measure(words: Argument[]): number {
  let bytes = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Argument;
    if (typeof word !== "string") bytes += 4 + word.length;
    else if (word.length <= LONG) bytes += 4 + word.length * 3;
    else bytes += 4 + (words[index] = encoder.encode(word)).length;
  }
  return bytes;
}

/** The core's memory. Growing it detaches the views, so check them after anything that may allocate. */
export class Heap {
  readonly #memory: { readonly buffer: ArrayBuffer };
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;

  constructor(memory: { readonly buffer: ArrayBuffer }) {
    this.#memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
  }

  /** A number that the core has written to this address. */
  result(at: number): number {
    this.refresh();
    return this.view.getUint32(at, true);
  }

  refresh(): void {
    if (this.bytes.length !== 0) return;
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
  }
}

/** Writes into reserved memory, front to back. */
export class Writer {
  readonly #heap: Heap;
  #at = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  start(at: number): void {
    this.#heap.refresh();
    this.#at = at;
  }

  count(value: number): void {
    this.#heap.view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Writes a command: the number of words, then each word. */
  command(words: readonly Argument[]): void {
    this.count(words.length);
    for (const word of words) this.argument(word);
  }

  /** Writes a length, then the bytes. */
  argument(argument: Argument): void {
    const start = this.#at + 4;
    const length = typeof argument === "string" ? this.#text(argument, start) : argument.length;
    if (typeof argument !== "string") this.#heap.bytes.set(argument, start);
    this.count(length);
    this.#at = start + length;
  }

  /** Writes the mark for null. */
  nothing(): void {
    this.count(ABSENT);
  }

  #text(text: string, start: number): number {
    const length = text.length;
    if (length <= SHORT) {
      const bytes = this.#heap.bytes;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        bytes[start + index] = code;
      }
      if (index === length) return length;
    }
    return encoder.encodeInto(text, this.#heap.bytes.subarray(start)).written;
  }
}

/** The flag of an error whose texts are followed by the number of its cause (src/binding/js/reply.rs). */
const CAUSE = 4;

/** Reads from the core's memory, front to back. */
export class Reader {
  readonly #heap: Heap;
  at = 0;
  /** The operation whose reply this is, for error messages. */
  op = "";

  readonly #kept: ((number: number) => unknown) | undefined;

  /** `kept` returns the cause of an error by its number. */
  constructor(heap: Heap, kept?: (number: number) => unknown) {
    this.#heap = heap;
    this.#kept = kept;
  }

  start(at: number, op: string): void {
    this.#heap.refresh();
    this.at = at;
    this.op = op;
  }

  /** The type of the reply at the current position. */
  peek(): Tag {
    return this.#heap.bytes[this.at] as Tag;
  }

  /** The same, and moves past it; an error reply is thrown. */
  tag(): Tag {
    const tag = this.#heap.bytes[this.at++] as Tag;
    if (tag === Tag.Error) throw this.#error();
    return tag;
  }

  count(): number {
    const value = this.#heap.view.getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  /** A 64-bit integer: a number if it is exact, otherwise a bigint. */
  int(): number | bigint {
    const high = this.#heap.view.getInt32(this.at + 4, true);
    const value = high * 0x1_0000_0000 + this.#heap.view.getUint32(this.at, true);
    const exact = Number.isSafeInteger(value) ? value : this.#heap.view.getBigInt64(this.at, true);
    this.at += 8;
    return exact;
  }

  /** A copy of bytes; `null` if there are none. */
  bytes(): Uint8Array | null {
    const length = this.count();
    if (length === ABSENT) return null;
    this.at += length;
    return this.#heap.bytes.slice(this.at - length, this.at);
  }

  /** Text; `null` if there is none. */
  text(way?: string): string | null {
    const length = this.count();
    if (length === ABSENT) return null;
    const start = this.at;
    this.at += length;
    const { bytes } = this.#heap;
    if (length <= ASCII) {
      let all = 0;
      for (let index = start; index < this.at; index++) all |= bytes[index] as number;
      if (all <= 0x7f) return asciiText(bytes, start, length);
    }
    return utf8(this.op, bytes.subarray(start, this.at), way);
  }

  /** The encoded reply at the current position, even if it is an error. */
  raw(): Uint8Array {
    const start = this.at;
    this.skip();
    return this.#heap.bytes.slice(start, this.at);
  }

  /** Skips the reply at the current position. */
  skip(): void {
    switch (this.#heap.bytes[this.at++] as Tag) {
      case Tag.Nil:
      case Tag.Ok:
        break;
      case Tag.Int:
        this.at += 8;
        break;
      case Tag.Bytes:
        this.#skipItems(1);
        break;
      case Tag.List:
        this.#skipItems(this.count());
        break;
      case Tag.Ints: {
        // `count()` also moves the position.
        const count = this.count();
        this.at += 8 * count;
        break;
      }
      case Tag.Page:
        this.#skipItems(1);
        this.#skipItems(this.count());
        break;
      case Tag.Error: {
        const flags = this.#heap.bytes[this.at++] as number;
        this.#skipItems(3);
        if (flags & CAUSE) this.count();
        break;
      }
      case Tag.Batch:
        for (let left = this.count(); left > 0; left--) this.skip();
        break;
    }
  }

  #skipItems(count: number): void {
    for (; count > 0; count--) {
      const length = this.count();
      if (length !== ABSENT) this.at += length;
    }
  }

  #error(): KvError {
    const flags = this.#heap.bytes[this.at++] as number;
    const code = this.text() as KvErrorCode;
    const backend = this.text() ?? "";
    const message = this.text() ?? "";
    const cause = flags & CAUSE ? { cause: this.#kept?.(this.count()) } : {};
    return failed(this.op, code, message, {
      backend,
      retryable: (flags & 1) !== 0,
      maybeApplied: (flags & 2) !== 0,
      ...cause,
    });
  }
}
