// A bounded cache of recently read values, so that reading them again need not cross into the core. Two generations
// instead of a list of uses: a value read in the old one moves to the young one; when the young one is full, it becomes
// the old one.

/** The approximate number of bytes that a generation holds, and the longest entry. */
const ROOM = 4 << 20;
const LONGEST = 16 << 10;
/** The approximate overhead of an entry, in addition to its key and text. */
const OVERHEAD = 80;

/**
 * Reading very many keys once each would only cost time: if the cache is full, and fewer of this many reads hit than
 * miss, it is disabled for a while.
 */
const WINDOW = 8_192;
const PAUSE = 1 << 19;

/** A text that expires, and its deadline in milliseconds since 1970. */
export interface Expiring {
  readonly text: string;
  readonly deadline: number;
}

/** Values by key. An object without prototype finds a key in half the time of a `Map`. */
export type Table<Known> = Record<string, Known>;

/** An empty table. */
export const table = <Known>(): Table<Known> => Object.create(null) as Table<Known>;

function remove(table: Table<unknown>, key: string): void {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- its names are data.
  delete table[key];
}

/** A bounded cache by key. */
export class Recent<Known> {
  readonly #length: (known: Known) => number;
  #young = table<Known>();
  #old: Table<Known> | undefined;
  #room = ROOM;
  /** Misses in this window, and the number of hits before it; remaining reads of a pause. */
  #strangers = 0;
  #answered = 0;
  #pause = 0;

  /** `length` returns the length of a cached text. */
  constructor(length: (known: Known) => number) {
    this.#length = length;
  }

  get(key: string): Known | undefined {
    // Fast exit: looking up a newly built string makes the host intern it first.
    if (this.#room === ROOM && this.#old === undefined) return undefined;
    const known = this.#young[key];
    if (known !== undefined || this.#old === undefined) return known;
    const older = this.#old[key];
    if (older !== undefined) this.#keep(key, older);
    return older;
  }

  /** Adds a key that was read and missed; `answered` is the number of hits so far. */
  add(key: string, known: Known, answered: number): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    if (this.#old !== undefined && ++this.#strangers === WINDOW) {
      this.#strangers = 0;
      const pays = answered - this.#answered >= WINDOW;
      this.#answered = answered;
      if (!pays) {
        this.clear();
        this.#pause = PAUSE;
        return;
      }
    }
    if (this.#size(key, known) <= LONGEST) this.#keep(key, known);
  }

  #size(key: string, known: Known): number {
    return OVERHEAD + key.length + this.#length(known);
  }

  #keep(key: string, known: Known): void {
    this.#room -= this.#size(key, known);
    if (this.#room < 0) {
      this.#old = this.#young;
      this.#young = table();
      this.#room = ROOM - this.#size(key, known);
    }
    this.#young[key] = known;
  }

  /** Sets the key's cached value. The young generation hides any value in the old one. */
  put(key: string, known: Known): void {
    const before = this.#young[key];
    if (before !== undefined) this.#room += this.#size(key, before);
    this.#keep(key, known);
  }

  /** Removes a key that has been written. */
  drop(key: string): void {
    const known = this.#young[key];
    if (known !== undefined) {
      this.#room += this.#size(key, known);
      remove(this.#young, key);
    }
    if (this.#old?.[key] !== undefined) remove(this.#old, key);
  }

  clear(): void {
    this.#young = table();
    this.#old = undefined;
    this.#room = ROOM;
  }
}
