// What was read lately, so that reading it again need not cross into the core: a bounded table. Two generations instead of a
// list of uses: what is read in the old one moves to the young one; when the young one is full it becomes the old one.

/** About how many bytes a generation holds, and an entry may take. */
const ROOM = 4 << 20;
const LONGEST = 16 << 10;
/** What an entry takes beside its key and its text, about. */
const OVERHEAD = 80;

/**
 * Reading very many keys once each does not pay for a table that cannot help: when there is no room, and of so many reads
 * fewer are answered here than not, the table stays empty for a time.
 */
const WINDOW = 8_192;
const PAUSE = 1 << 19;

/** A text that expires, and when, in milliseconds since 1970. */
export interface Expiring {
  readonly text: string;
  readonly deadline: number;
}

/** What is known of keys, a bounded number of them. */
export class Recent<Known> {
  readonly #length: (known: Known) => number;
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  #room = ROOM;
  /** Reads that were not answered here in this window, and how many were before it; reads that are left of a pause. */
  #strangers = 0;
  #answered = 0;
  #pause = 0;

  /** `length` is that of the text that is known of a key. */
  constructor(length: (known: Known) => number) {
    this.#length = length;
  }

  get(key: string): Known | undefined {
    const known = this.#young.get(key);
    if (known !== undefined || this.#old.size === 0) return known;
    const older = this.#old.get(key);
    if (older !== undefined) this.#keep(key, older);
    return older;
  }

  /** The key has been read and was not here; so many reads have been answered here. */
  add(key: string, known: Known, answered: number): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    if (this.#old.size !== 0 && ++this.#strangers === WINDOW) {
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
      this.#young = new Map();
      this.#room = ROOM - this.#size(key, known);
    }
    this.#young.set(key, known);
  }

  /** The key has been written: what was known of it is no longer so, but perhaps this is. */
  replace(key: string, by?: Known): void {
    const known = this.#young.get(key);
    if (known !== undefined) {
      this.#room += this.#size(key, known);
      if (by !== undefined && this.#size(key, by) <= LONGEST) this.#keep(key, by);
      else this.#young.delete(key);
    }
    if (this.#old.size !== 0) this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#room = ROOM;
  }
}
