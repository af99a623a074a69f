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

/** What is known of keys by their names. An object without prototype finds a name in half the time that a `Map` takes. */
export type Table<Known> = Record<string, Known>;

/** An empty table. */
export const table = <Known>(): Table<Known> => Object.create(null) as Table<Known>;

function remove(table: Table<unknown>, key: string): void {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- its names are data.
  delete table[key];
}

/** What is known of keys, a bounded number of them. */
export class Recent<Known> {
  readonly #length: (known: Known) => number;
  #young = table<Known>();
  #old: Table<Known> | undefined;
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
    // To look for a name that was just built, the host must find out whether it has one like it.
    if (this.#room === ROOM && this.#old === undefined) return undefined;
    const known = this.#young[key];
    if (known !== undefined || this.#old === undefined) return known;
    const older = this.#old[key];
    if (older !== undefined) this.#keep(key, older);
    return older;
  }

  /** The key has been used and was not here; so often has it paid to know others. */
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

  /** This is known of the key now. What the old generation may say of it is never seen behind the young one. */
  put(key: string, known: Known): void {
    const before = this.#young[key];
    if (before !== undefined) this.#room += this.#size(key, before);
    this.#keep(key, known);
  }

  /** The key has been written: what was known of it is no longer so. */
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
