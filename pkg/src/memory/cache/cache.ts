// The cache in front of the wasm: strings that were read lately are kept in JavaScript, and writes of keys that are known here wait,
// to enter the wasm many at a time. What holds:
//
// 1. Whatever the wasm is asked for, it is told of the writes that wait before: `flush`.
// 2. What is kept of a key is what the engine would answer. `before` hears of every command that goes past this cache, and
//    forgets the keys that it may change.
// 3. Only a store that nobody else can open and that evicts nothing keeps anything: elsewhere keys change unheard.
// 4. What expires is kept with its deadline, and only where `Date.now` is the store's clock. Time does not run back: the later
//    of that clock and of what the engine has seen counts, and the engine is told of it.
// 5. What is kept is bounded (recent.ts, written.ts). Reads answered here are counted here: the engine does not see them.

import { type Expiring, Recent } from "./recent.js";
import type { Shortcuts } from "../../wire/connection.js";
import type { Requests } from "../../wire/requests.js";
import { asciiText } from "../../wire/text.js";
import { type Argument, type Heap, type Reader, utf8 } from "../../wire/wire.js";
import { lay, LONGEST, MOST, type Write, Written } from "./written.js";

/** The core's answer instead of a length. */
const NOTHING = -1;

/** Flags of a value found in the core. */
const IS_ASCII = 1;
const EXPIRES = 2;

/** Flag of a write: the key existed before. */
const WAS_THERE = 1;

/** The size of a found value's header: five numbers, the length first. */
const FOUND = 5 * 4;

/** Keys and values up to this many characters are written by a loop: calling the encoder costs more. */
const SHORT = 20;

const encoder = new TextEncoder();

/** What the core offers for them (src/binding/js-core/direct.rs). */
export interface Exports {
  places(): number;
  getDirect(keyLength: number): number;
  mgetDirect(keys: number): number;
  setDirect(keyLength: number, valueLength: number, ttl: number): number;
  bears(bytes: number, keys: number): boolean;
  setAllDirect(keys: number): number;
  incrDirect(keyLength: number, by: number): number;
}

/** What a store allows its cache. */
export interface Allowed {
  /** Nobody else writes to the store, and nothing is evicted there. */
  readonly isPrivate: boolean;
  /** `Date.now` is the store's clock. */
  readonly knowsTime: boolean;
  /** The default TTL in milliseconds; 0 for never. */
  readonly defaultTtl: number;
}

/** The words of the commands that change nothing, and of those that change keys which they do not name: the table's. */
declare const READS: string;
declare const SWEEPS: string;
const reads: ReadonlySet<unknown> = new Set(READS.split(" "));
const sweeps: ReadonlySet<unknown> = new Set(SWEEPS.split(" "));

/** The cache of one handle. */
export class Cache implements Shortcuts {
  readonly #handle: Exports;
  readonly #heap: Heap;
  readonly #reader: Reader;
  readonly #key: Place;
  readonly #value: Place;
  readonly #resultAt: number;
  readonly #latestAt: number;
  readonly #sumAt: number;
  readonly #knowsTime: boolean;
  readonly #defaultTtl: number;
  /**
   * Recently read values; `undefined` if others may write to the store. Expiring values are kept separately, because
   * inspecting a string that is not in the processor's cache would be noticeably slower.
   */
  #texts: Recent<string | null> | undefined;
  #expiring: Recent<Expiring> | undefined;
  /** Buffered writes to cached keys; they take precedence over the cache. */
  readonly #written = new Written();
  /** Reads that were answered from the cache, and writes that were buffered. */
  hits = 0;
  misses = 0;
  #spared = 0;
  /** The latest time that the core has seen, unless it may have seen a later one since. */
  #latest: number | undefined;

  constructor(handle: Exports, { heap, reader }: Requests, memory: Allowed) {
    const map = handle.places();
    const place = (index: number) => heap.result(map + 4 * index);
    this.#handle = handle;
    this.#heap = heap;
    this.#reader = reader;
    this.#key = new Place(heap, place(0), place(1));
    this.#value = new Place(heap, place(2), place(3));
    this.#resultAt = place(4);
    this.#latestAt = place(5);
    this.#sumAt = place(6);
    this.#knowsTime = memory.knowsTime;
    this.#defaultTtl = memory.defaultTtl;
    this.#texts = memory.isPrivate ? new Recent((text) => text?.length ?? 0) : undefined;
    this.#expiring = memory.isPrivate && memory.knowsTime ? new Recent(({ text }) => text.length) : undefined;
  }

  /** From now on others may write to the store, so nothing may be cached. */
  share(): void {
    this.flush();
    this.#texts = undefined;
    this.#expiring = undefined;
  }

  /** A command is about to run. */
  before(command: readonly Argument[]): void {
    const word = command[0];
    if (reads.has(word)) return;
    if (sweeps.has(word)) this.#forget();
    for (let index = 1; index < command.length; index++) {
      const each = command[index];
      // Some of these are values: to forget too much is harmless.
      if (typeof each === "string") this.#forget(each);
    }
  }

  /** This key may have changed, or any key when none is named. */
  #forget(key?: string): void {
    if (key !== undefined) {
      this.#texts?.drop(key);
      this.#expiring?.drop(key);
    } else {
      this.#texts?.clear();
      this.#expiring?.clear();
    }
  }

  /** The key's text, `null` if it does not exist. */
  get(key: string): string | null | undefined {
    const known = this.#lasting(key);
    if (known === undefined) return this.#ask(key);
    if (known === null) this.misses++;
    else this.hits++;
    return known;
  }

  /** The same if no non-expiring text is cached. */
  #ask(key: string): string | null | undefined {
    const text = this.#expiringNow(key)?.text;
    if (text !== undefined) {
      this.hits++;
      return text;
    }
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return undefined;
    this.#latest = undefined;
    if (this.#handle.getDirect(keyLength) < 0) this.#fail("get");
    this.#heap.refresh();
    return this.#found(this.#resultAt, key, "get");
  }

  /** The cached value of a key without a deadline. */
  #lasting(key: string): string | null | undefined {
    const waiting = this.#written.get(key);
    if (waiting === undefined) return this.#texts?.get(key);
    return waiting.deadline === 0 ? waiting.text : undefined;
  }

  /**
   * The cached value of a key with a deadline that has not passed. If it may have passed, ask the core: clocks can be
   * set back.
   */
  #expiringNow(key: string): Expiring | undefined {
    const known = this.#written.get(key) ?? this.#expiring?.get(key);
    if (known === undefined) return undefined;
    this.#latest ??= this.#number(this.#latestAt);
    if (known.deadline > this.#latest && known.deadline > Date.now()) return known;
    this.flush();
    this.#expiring?.drop(key);
    return undefined;
  }

  /** The texts of keys, `null` for one that does not exist or is not a string. */
  mget(keys: readonly string[]): (string | null)[] | undefined {
    this.flush();
    const texts: (string | null)[] = [];
    const asked: number[] = [];
    let at = this.#value.at;
    const end = at + this.#value.room;
    let hits = 0;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      // Expiring values are left to the core, which answers for a single time.
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
    this.hits += hits;
    this.misses += keys.length - asked.length - hits;
    if (asked.length > 0) {
      if (this.#handle.mgetDirect(asked.length) < 0) this.#fail("mget");
      this.#heap.refresh();
      at = this.#value.at;
      for (const index of asked) {
        const key = keys[index] as string;
        const text = this.#found(at, key, "mget");
        if (text === undefined) this.misses++;
        else texts[index] = text;
        at += FOUND + key.length;
      }
    }
    return texts;
  }

  /**
   * Writes text; `ttl` in milliseconds, 0 for never, negative for the handle's default. Returns false if the fast path
   * does not apply.
   */
  set(key: string, text: string, ttl: number): boolean {
    const lifetime = ttl < 0 ? this.#defaultTtl : ttl;
    const waiting = this.#written.get(key);
    const isKnown =
      waiting !== undefined || this.#texts?.get(key) !== undefined || this.#expiring?.get(key) !== undefined;
    if (isKnown && this.#wait(waiting, key, text, this.#after(lifetime))) return true;
    this.flush();
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return false;
    const length = this.#value.write(text);
    if (length < 0) return false;
    const answer = this.#handle.setDirect(keyLength, length, ttl);
    if (answer < 0) {
      this.#forget(key);
      this.#fail("set");
    }
    const deadline = lifetime === 0 ? 0 : this.#deadline(this.#resultAt);
    if (isKnown) this.#know(key, text, deadline);
    // Long texts that nobody reads are not worth their memory.
    else if (answer === WAS_THERE && length <= LONGEST) this.#learn(key, text, deadline);
    return true;
  }

  /** Adds to a counter. */
  incr(key: string, by: number, op: string): number | bigint | undefined {
    const lasting = this.#lasting(key);
    const expiring = lasting === undefined ? this.#expiringNow(key) : undefined;
    const known = lasting === undefined ? expiring?.text : (lasting ?? "0");
    if (known !== undefined) {
      const sum = Number(known) + by;
      // This is the sum if the text is a safe integer in canonical form; otherwise the core reports the error.
      const isSum = Number.isSafeInteger(sum) && String(sum - by) === known;
      const deadline = expiring?.deadline ?? 0;
      if (isSum && this.#wait(this.#written.get(key), key, String(sum), deadline)) return sum;
    }
    this.flush();
    const keyLength = this.#key.write(key);
    if (keyLength <= 0) return undefined;
    const answer = this.#handle.incrDirect(keyLength, by);
    this.#forget(key);
    if (answer < 0) this.#fail(op);
    this.#reader.start(this.#sumAt, op);
    const sum = this.#reader.int();
    if (answer === WAS_THERE) this.#learn(key, String(sum), this.#deadline(this.#resultAt));
    return sum;
  }

  /** The deadline of a value written now; 0 for never, negative if only the core can tell. */
  #after(lifetime: number): number {
    if (lifetime === 0) return 0;
    const now = this.#knowsTime ? Date.now() : 0;
    // The core decides whether a clock that reads 0 has no time, and rejects a deadline that is out of range.
    return now > 0 && Number.isSafeInteger(now + lifetime) ? now + lifetime : -1;
  }

  /** Buffers a write to a cached key, after or instead of an already buffered one. Returns false if it cannot. */
  #wait(waiting: Write | undefined, key: string, text: string, deadline: number): boolean {
    const written = this.#written;
    if (deadline < 0 || !written.takes(text)) return false;
    if (written.isEmpty && !this.#handle.bears(MOST.bytes, MOST.keys)) return false;
    this.#spared++;
    if (written.put(waiting, key, text, deadline)) this.flush();
    return true;
  }

  /** Sends the buffered writes to the core. Must run before any other call of the core. */
  flush(): void {
    this.#latest = undefined;
    if (this.#written.isEmpty) return;
    const writes = this.#written.take();
    for (let from = 0; from < writes.length;) {
      const count = lay(writes, from, this.#heap, this.#value.at, this.#value.room);
      if (this.#handle.setAllDirect(count) < 0) {
        this.#forget();
        this.#fail("set");
      }
      from += count;
    }
    for (const { key, text, deadline } of writes) this.#know(key, text, deadline);
  }

  /** Reads a value that the core has found, and caches it; `undefined` if it is not a string. */
  #found(at: number, key: string, op: string): string | null | undefined {
    const { view } = this.#heap;
    const length = view.getInt32(at, true);
    let text: string | null | undefined = null;
    if (length !== NOTHING) {
      if (length < 0) return undefined;
      const start = view.getUint32(at + 4, true);
      const isAscii = (view.getUint32(at + 8, true) & IS_ASCII) !== 0;
      text = isAscii
        ? asciiText(this.#heap.bytes, start, length)
        : utf8(op, this.#heap.bytes.subarray(start, start + length));
      this.#learn(key, text, this.#deadline(at));
    } else this.#learn(key, null, 0);
    return text;
  }

  /** Caches the key's new value. */
  #know(key: string, text: string, deadline: number): void {
    if (deadline === 0) {
      this.#texts?.put(key, text);
      this.#expiring?.drop(key);
    } else {
      this.#texts?.drop(key);
      this.#expiring?.put(key, { text, deadline });
    }
  }

  /** The same for a key that is not cached yet, if that is worthwhile. */
  #learn(key: string, text: string | null, deadline: number): void {
    const answered = this.hits + this.misses + this.#spared;
    if (deadline === 0 || text === null) this.#texts?.add(key, text, answered);
    else this.#expiring?.add(key, { text, deadline }, answered);
  }

  /** The deadline of a value found in the core; 0 for never. */
  #deadline(at: number): number {
    this.#heap.refresh();
    return (this.#heap.view.getUint32(at + 8, true) & EXPIRES) === 0 ? 0 : this.#number(at + FOUND - 8);
  }

  /** A 64-bit number: a time, which a double holds exactly. */
  #number(at: number): number {
    this.#heap.refresh();
    return this.#heap.view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#heap.view.getUint32(at, true);
  }

  #fail(op: string): never {
    this.#reader.start(this.#heap.result(this.#resultAt + 4), op);
    this.#reader.tag();
    throw new Error("unreachable: the reply is an error");
  }
}

/** A buffer for an argument. */
class Place {
  readonly #heap: Heap;
  readonly at: number;
  readonly room: number;
  /**
   * A view of only this buffer, and the memory view it was made for: creating one each time costs as much as the
   * encoder.
   */
  #view: Uint8Array | undefined;
  #seen: Uint8Array | undefined;

  constructor(heap: Heap, at: number, room: number) {
    this.#heap = heap;
    this.at = at;
    this.room = room;
  }

  /** Writes ASCII text and returns its length; -1 for any other text, or if it does not fit. */
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
