// The short ways of get, set and incr: arguments are written to fixed places in the core's memory, and values read lately
// are kept as strings. Whatever is unusual is left to the commands: `undefined` says so.

import { Recent } from "./recent.js";
import { asciiText } from "./text.js";
import type { Heap, Reader } from "./wire.js";

/** What the core answers instead of a length. */
const NOTHING = -1;

/** What the core knows of a value beside its bytes. */
const IS_ASCII = 1;
const EXPIRES = 2;

/** Keys and values up to this many characters are written by a loop: calling the encoder costs more. */
const SHORT = 40;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the core offers for them (src/binding/js/direct.rs). */
export interface Shortcuts {
  places(): Uint32Array;
  getDirect(keyLength: number): number;
  setDirect(keyLength: number, valueLength: number, ttl: number): number;
  incrDirect(keyLength: number, by: number): number;
}

/** The short ways of one handle. */
export class Direct {
  readonly #handle: Shortcuts;
  readonly #heap: Heap;
  readonly #reader: Reader;
  readonly #keyAt: number;
  readonly #keyRoom: number;
  readonly #valueAt: number;
  readonly #valueRoom: number;
  readonly #resultAt: number;
  /** Strings that were read or written lately and do not expire; nothing where others may write to the store. */
  #recent: Recent | undefined;
  /** Reads that were answered without asking the core. */
  hits = 0;

  constructor(handle: Shortcuts, heap: Heap, reader: Reader, isPrivate: boolean) {
    const [keyAt, keyRoom, valueAt, valueRoom, resultAt] = handle.places();
    this.#handle = handle;
    this.#heap = heap;
    this.#reader = reader;
    this.#keyAt = keyAt as number;
    this.#keyRoom = keyRoom as number;
    this.#valueAt = valueAt as number;
    this.#valueRoom = valueRoom as number;
    this.#resultAt = resultAt as number;
    this.#recent = isPrivate ? new Recent() : undefined;
  }

  /** From now on others may write to the store: nothing may be remembered. */
  share(): void {
    this.#recent = undefined;
  }

  /** A command has been run that may have changed this key, or any key when none is named. */
  forget(key?: string): void {
    if (key === undefined) this.#recent?.clear();
    else this.#recent?.delete(key);
  }

  /** The text of a key, `null` when it does not exist. */
  get(key: string): string | null | undefined {
    const known = this.#recent?.get(key);
    if (known !== undefined) {
      this.hits++;
      return known;
    }
    const keyLength = this.#write(key, this.#keyAt, this.#keyRoom);
    if (keyLength <= 0) return undefined;
    const length = this.#handle.getDirect(keyLength);
    if (length === NOTHING) return null;
    this.#heap.refresh();
    const at = this.#heap.view.getUint32(this.#resultAt, true);
    if (length < 0) this.#fail(at, "get");
    const properties = this.#heap.view.getUint32(this.#resultAt + 4, true);
    const text = this.#read(at, length, (properties & IS_ASCII) !== 0);
    if (text !== undefined && (properties & EXPIRES) === 0) this.#recent?.add(key, text);
    return text;
  }

  /** Writes text; `ttl` in milliseconds, 0 for never, -1 for the handle's default. Whether this way could. */
  set(key: string, text: string, ttl: number): boolean {
    const keyLength = this.#write(key, this.#keyAt, this.#keyRoom);
    if (keyLength <= 0) return false;
    const length = this.#write(text, this.#valueAt, this.#valueRoom);
    if (length < 0) return false;
    const answer = this.#handle.setDirect(keyLength, length, ttl);
    if (answer === 0) {
      this.#recent?.replace(key, text);
      return true;
    }
    this.#recent?.delete(key);
    if (answer < 0) this.#fail(this.#heap.result(this.#resultAt), "set");
    return true;
  }

  /** Adds to a counter. */
  incr(key: string, by: number, op: string): number | bigint | undefined {
    const keyLength = this.#write(key, this.#keyAt, this.#keyRoom);
    if (keyLength <= 0) return undefined;
    const answer = this.#handle.incrDirect(keyLength, by);
    this.#recent?.delete(key);
    if (answer < 0) this.#fail(this.#heap.result(this.#resultAt), op);
    this.#heap.refresh();
    this.#reader.start(this.#resultAt, op);
    return this.#reader.int();
  }

  /** Writes ASCII text and tells its length; -1 for any other text and where there is no room for it. */
  #write(text: string, at: number, room: number): number {
    const length = text.length;
    if (length > room) return -1;
    this.#heap.refresh();
    const bytes = this.#heap.bytes;
    if (length > SHORT) {
      const { read, written } = encoder.encodeInto(text, bytes.subarray(at, at + room));
      return read === length && written === length ? length : -1;
    }
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return -1;
      bytes[at + index] = code;
    }
    return length;
  }

  #read(at: number, length: number, isAscii: boolean): string | undefined {
    if (isAscii) return asciiText(this.#heap, at, length);
    try {
      return decoder.decode(this.#heap.bytes.subarray(at, at + length));
    } catch {
      // The command says what is wrong.
      return undefined;
    }
  }

  #fail(at: number, op: string): never {
    this.#reader.start(at, op);
    this.#reader.tag();
    throw new Error("unreachable: the reply is an error");
  }
}
