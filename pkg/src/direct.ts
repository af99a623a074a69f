// The short ways of get, mget, set and incr: arguments are written to fixed places in the core's memory, and what was read
// lately is kept as strings. Whatever is unusual is left to the commands: `undefined` says so.

import { type Expiring, Recent } from "./recent.js";
import { asciiText } from "./text.js";
import type { Heap, Reader } from "./wire.js";

/** What the core answers instead of a length. */
const NOTHING = -1;
const OTHER_TYPE = -3;

/** What the core knows of a value beside its bytes. */
const IS_ASCII = 1;
const EXPIRES = 2;

/** The bytes of what the core has found: five numbers, a length first. */
const FOUND = 5 * 4;

/** Keys and values up to this many characters are written by a loop: calling the encoder costs more. */
const SHORT = 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the core offers for them (src/binding/js/direct.rs). */
export interface Shortcuts {
  places(): number;
  getDirect(keyLength: number): number;
  mgetDirect(keys: number): number;
  setDirect(keyLength: number, valueLength: number, ttl: number): number;
  incrDirect(keyLength: number, by: number): number;
}

/** The short ways of one handle. */
export class Direct {
  readonly #handle: Shortcuts;
  readonly #heap: Heap;
  readonly #reader: Reader;
  readonly #key: Place;
  readonly #value: Place;
  readonly #resultAt: number;
  readonly #latestAt: number;
  /**
   * What was read lately; nothing where others may write to the store. What expires is apart: to tell one from the other by
   * looking at a string that is in no cache would be felt.
   */
  #texts: Recent<string | null> | undefined;
  #expiring: Recent<Expiring> | undefined;
  /** Reads that were answered without asking the core. */
  hits = 0;
  misses = 0;

  constructor(handle: Shortcuts, heap: Heap, reader: Reader, isPrivate: boolean, knowsTime: boolean) {
    const map = handle.places();
    const place = (index: number) => heap.result(map + 4 * index);
    this.#handle = handle;
    this.#heap = heap;
    this.#reader = reader;
    this.#key = new Place(heap, place(0), place(1));
    this.#value = new Place(heap, place(2), place(3));
    this.#resultAt = place(4);
    this.#latestAt = place(5);
    this.#texts = isPrivate ? new Recent((text) => text?.length ?? 0) : undefined;
    this.#expiring = isPrivate && knowsTime ? new Recent(({ text }) => text.length) : undefined;
  }

  /** From now on others may write to the store: nothing may be remembered. */
  share(): void {
    this.#texts = undefined;
    this.#expiring = undefined;
  }

  /** A command has been run that may have changed this key, or any key when none is named. */
  forget(key?: string): void {
    if (key !== undefined) this.#replace(key);
    else {
      this.#texts?.clear();
      this.#expiring?.clear();
    }
  }

  /** The key has been written: this is known of it now, or nothing. */
  #replace(key: string, text?: string): void {
    this.#texts?.replace(key, text);
    this.#expiring?.replace(key);
  }

  /** The text of a key, `null` when it does not exist. */
  get(key: string): string | null | undefined {
    const known = this.#texts?.get(key);
    if (known === undefined) return this.#ask(key);
    if (known === null) this.misses++;
    else this.hits++;
    return known;
  }

  /** The same where no lasting text is known. */
  #ask(key: string): string | null | undefined {
    const expiring = this.#expiring?.get(key);
    if (expiring !== undefined && expiring.deadline > Math.max(Date.now(), this.#number(this.#latestAt))) {
      this.hits++;
      return expiring.text;
    }
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return undefined;
    if (this.#handle.getDirect(keyLength) < 0) this.#fail("get");
    this.#heap.refresh();
    return this.#found(this.#resultAt, key);
  }

  /** The texts of keys, `null` for one that does not exist or holds no string. */
  mget(keys: readonly string[]): (string | null)[] | undefined {
    const texts: (string | null)[] = [];
    const asked: number[] = [];
    let at = this.#value.at;
    const end = at + this.#value.room;
    let hits = 0;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      // What expires is left to the core, for which all of this is one moment.
      const known = this.#texts?.get(key);
      if (known !== undefined) {
        if (known !== null) hits++;
        texts.push(known);
        continue;
      }
      const room = Math.min(this.#key.room, end - at - FOUND);
      const length = new Place(this.#heap, at + FOUND, room).write(key);
      if (length <= 0) return undefined;
      this.#heap.view.setUint32(at, length, true);
      at += FOUND + length;
      asked.push(index);
      texts.push(null);
    }
    if (asked.length > 0) {
      if (this.#handle.mgetDirect(asked.length) < 0) this.#fail("mget");
      this.#heap.refresh();
      at = this.#value.at;
      for (const index of asked) {
        const key = keys[index] as string;
        const text = this.#found(at, key);
        if (text !== undefined) texts[index] = text;
        else if (this.#heap.view.getInt32(at, true) === OTHER_TYPE) this.misses++;
        else return undefined;
        at += FOUND + key.length;
      }
    }
    this.hits += hits;
    this.misses += keys.length - asked.length - hits;
    return texts;
  }

  /** Writes text; `ttl` in milliseconds, 0 for never, -1 for the handle's default. Whether this way could. */
  set(key: string, text: string, ttl: number): boolean {
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return false;
    const length = this.#value.write(text);
    if (length < 0) return false;
    const answer = this.#handle.setDirect(keyLength, length, ttl);
    this.#replace(key, answer === 0 ? text : undefined);
    if (answer < 0) this.#fail("set");
    return true;
  }

  /** Adds to a counter. */
  incr(key: string, by: number, op: string): number | bigint | undefined {
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return undefined;
    const answer = this.#handle.incrDirect(keyLength, by);
    this.#replace(key);
    if (answer < 0) this.#fail(op);
    this.#reader.start(this.#resultAt + FOUND - 8, op);
    return this.#reader.int();
  }

  /** Reads what the core has found, and remembers it. */
  #found(at: number, key: string): string | null | undefined {
    const { view } = this.#heap;
    const length = view.getInt32(at, true);
    let text: string | null | undefined = null;
    if (length !== NOTHING) {
      if (length < 0) return undefined;
      const properties = view.getUint32(at + 8, true);
      text = this.#read(view.getUint32(at + 4, true), length, (properties & IS_ASCII) !== 0);
      if (text === undefined) return undefined;
      if ((properties & EXPIRES) !== 0) {
        const deadline = this.#number(at + FOUND - 8);
        this.#expiring?.add(key, { text, deadline }, this.hits + this.misses);
        return text;
      }
    }
    this.#texts?.add(key, text, this.hits + this.misses);
    return text;
  }

  /** A number of 64 bits: a moment, which fits. */
  #number(at: number): number {
    this.#heap.refresh();
    return this.#heap.view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#heap.view.getUint32(at, true);
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

  #fail(op: string): never {
    this.#reader.start(this.#heap.result(this.#resultAt + 4), op);
    this.#reader.tag();
    throw new Error("unreachable: the reply is an error");
  }
}

/** Where an argument is written. */
class Place {
  readonly #heap: Heap;
  readonly at: number;
  readonly room: number;
  /** This place alone, in the memory of which this was the view: to make one each time costs as much as the encoder. */
  #view: Uint8Array | undefined;
  #seen: Uint8Array | undefined;

  constructor(heap: Heap, at: number, room: number) {
    this.#heap = heap;
    this.at = at;
    this.room = room;
  }

  /** Writes ASCII text and tells its length; -1 for any other text and where there is no room for it. */
  write(text: string): number {
    const { length } = text;
    if (length > this.room) return -1;
    this.#heap.refresh();
    const { bytes } = this.#heap;
    if (length > SHORT) {
      if (this.#view === undefined || this.#seen !== bytes) {
        this.#seen = bytes;
        this.#view = bytes.subarray(this.at, this.at + this.room);
      }
      const { read, written } = encoder.encodeInto(text, this.#view);
      return read === length && written === length ? length : -1;
    }
    let all = 0;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      all |= code;
      bytes[this.at + index] = code;
    }
    return all > 0x7f ? -1 : length;
  }
}
