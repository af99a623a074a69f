// What has been written to keys that are known here, and that the core has yet to be told. It must not know what a store
// promises: who asks the core for anything must see to it that the core is told first.

import { table } from "./recent.js";
import type { Heap } from "../wire/wire.js";

/** The most keys that wait here. */
const KEYS = 1 << 14;

/** The most characters of a text that waits: beside longer ones a crossing is little. */
export const LONGEST = 256;

/** More bytes, with what the core keeps beside them, than that can come to; and as many keys. */
export const MOST = { bytes: 32 << 20, keys: KEYS } as const;

/** To let very many keys wait that are written once each does not pay: then so many writes do not wait. */
const PAUSE = 1 << 17;

/** The bytes that tell the core of one write: the lengths of key and text, and the deadline. */
const HEAD = 4 + 4 + 8;

const encoder = new TextEncoder();

/** Whether every character is one; where the host cannot tell, none is, and nothing waits. */
const isWellFormed: (this: string) => boolean =
  (String.prototype as { isWellFormed?: () => boolean }).isWellFormed ?? (() => false);

/** What a key holds: text, and when it expires, in milliseconds since 1970; 0 for never. */
export interface Write {
  readonly key: string;
  text: string;
  deadline: number;
}

/** What waits. */
export class Written {
  #writes: Write[] = [];
  #byKey = table<Write>();
  /** Writes of keys that were waiting already, and writes that are left of a pause. */
  #again = 0;
  #pause = 0;

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  get(key: string): Write | undefined {
    return this.isEmpty ? undefined : this.#byKey[key];
  }

  /** Whether a text may wait. */
  takes(text: string): boolean {
    if (this.#pause > 0) this.#pause--;
    else return text.length <= LONGEST && isWellFormed.call(text);
    return false;
  }

  /** The key holds this now, and what waits for it before, if anything does. Whether there is no room for more. */
  put(before: Write | undefined, key: string, text: string, deadline: number): boolean {
    if (before === undefined) this.#writes.push((this.#byKey[key] = { key, text, deadline }));
    else {
      this.#again++;
      before.text = text;
      before.deadline = deadline;
    }
    return this.#writes.length === KEYS;
  }

  /** All of it, the key that was written first before others; here is nothing afterwards. */
  take(): readonly Write[] {
    const writes = this.#writes;
    if (writes.length === KEYS && this.#again < KEYS) this.#pause = PAUSE;
    this.#writes = [];
    this.#byKey = table();
    this.#again = 0;
    return writes;
  }
}

/** Lays writes from this one on where the core reads them, as many as there is room for, and tells how many that is. */
export function lay(writes: readonly Write[], from: number, heap: Heap, at: number, room: number): number {
  heap.refresh();
  const { bytes, view } = heap;
  let joined = "";
  let to = from;
  for (let head = at; to < writes.length; to++, head += HEAD) {
    const { key, text, deadline } = writes[to] as Write;
    // A character is three bytes at most.
    if ((joined.length + key.length + text.length) * 3 + head + HEAD > at + room) break;
    joined += key + text;
    view.setUint32(head, key.length, true);
    view.setUint32(head + 4, text.length, true);
    view.setFloat64(head + 8, deadline, true);
  }
  const { written } = encoder.encodeInto(joined, bytes.subarray(at + (to - from) * HEAD));
  // Keys that are known here are ASCII.
  if (written !== joined.length) {
    for (let index = from; index < to; index++) {
      const { text } = writes[index] as Write;
      view.setUint32(at + (index - from) * HEAD + 4, encoder.encode(text).length, true);
    }
  }
  return to - from;
}
