// Buffered writes to cached keys, which the core does not know yet. Whoever calls the core must flush them first.

import { table } from "./recent.js";
import type { Heap } from "../../wire/wire.js";

/** The most keys that are buffered. */
const KEYS = 1 << 14;

/** The most characters of a buffered text: for longer ones, crossing into the core is comparatively cheap. */
export const LONGEST = 256;

/** Upper bounds of the bytes of all buffered writes, including the core's overhead, and of their keys. */
export const MOST = { bytes: 32 << 20, keys: KEYS } as const;

/** Buffering does not pay for very many keys that are written once each: then this many writes are not buffered. */
const PAUSE = 1 << 17;

/** The bytes before each write for the core: the lengths of key and text, and the deadline. */
const HEAD = 4 + 4 + 8;

const encoder = new TextEncoder();

/** Whether the text has no lone surrogates; if the host cannot tell, this returns false and nothing is buffered. */
const isWellFormed: (this: string) => boolean =
  (String.prototype as { isWellFormed?: () => boolean }).isWellFormed ?? (() => false);

/** A key's new text, and its deadline in milliseconds since 1970; 0 for never. */
export interface Write {
  readonly key: string;
  text: string;
  deadline: number;
}

/** The buffered writes. */
export class Written {
  #writes: Write[] = [];
  #byKey = table<Write>();
  /** Writes to already buffered keys; remaining writes of a pause. */
  #again = 0;
  #pause = 0;

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  get(key: string): Write | undefined {
    return this.isEmpty ? undefined : this.#byKey[key];
  }

  /** Whether this text may be buffered. */
  takes(text: string): boolean {
    if (this.#pause > 0) this.#pause--;
    else return text.length <= LONGEST && isWellFormed.call(text);
    return false;
  }

  /** Buffers a write; `before` is the key's buffered write, if any. Returns whether the buffer is full. */
  put(before: Write | undefined, key: string, text: string, deadline: number): boolean {
    if (before === undefined) this.#writes.push((this.#byKey[key] = { key, text, deadline }));
    else {
      this.#again++;
      before.text = text;
      before.deadline = deadline;
    }
    return this.#writes.length === KEYS;
  }

  /** Returns and removes all writes, ordered by each key's first write. */
  take(): readonly Write[] {
    const writes = this.#writes;
    if (writes.length === KEYS && this.#again < KEYS) this.#pause = PAUSE;
    this.#writes = [];
    this.#byKey = table();
    this.#again = 0;
    return writes;
  }
}

/** Copies writes, from index `from` on, into the core's memory, as many as fit; returns how many. */
export function lay(writes: readonly Write[], from: number, heap: Heap, at: number, room: number): number {
  heap.refresh();
  const { bytes, view } = heap;
  let joined = "";
  let to = from;
  for (let head = at; to < writes.length; to++, head += HEAD) {
    const { key, text, deadline } = writes[to] as Write;
    // A character takes at most three bytes.
    if ((joined.length + key.length + text.length) * 3 + head + HEAD > at + room) break;
    joined += key + text;
    view.setUint32(head, key.length, true);
    view.setUint32(head + 4, text.length, true);
    view.setFloat64(head + 8, deadline, true);
  }
  const { written } = encoder.encodeInto(joined, bytes.subarray(at + (to - from) * HEAD));
  // Cached keys are ASCII.
  if (written !== joined.length) {
    for (let index = from; index < to; index++) {
      const { text } = writes[index] as Write;
      view.setUint32(at + (index - from) * HEAD + 4, encoder.encode(text).length, true);
    }
  }
  return to - from;
}
