// What was read lately, so that reading it again need not cross into the core. A bounded table: keys that are read again
// stay, others make room (the SIEVE way: a hand goes round and takes what was not read since it last came by).

/** About how many bytes are kept, and how long a text may be. */
const ROOM = 4 << 20;
const LONGEST = 16 << 10;
/** What an entry takes beside its text and its key, about. */
const OVERHEAD = 96;

/**
 * Reading very many keys once each does not pay for a table that cannot help: when there is no room, and of so many reads
 * fewer are answered here than not, the table stays empty for a time.
 */
const WINDOW = 8_192;
const PAUSE = 1 << 19;

/** What is known of a key. */
export interface Known {
  readonly key: string;
  /** Its text, `null` when it does not exist; nothing when it has been written since. */
  text: string | null | undefined;
  /** When it expires, in milliseconds since 1970; 0 for never. */
  deadline: number;
  wasRead: boolean;
}

/** What is known of keys, a bounded number of them. */
export class Recent {
  readonly #known = new Map<string, Known>();
  #hand = this.#known.values();
  #room = ROOM;
  #isFull = false;
  /** Reads that were not answered here in this window, and how many were before it; reads that are left of a pause. */
  #strangers = 0;
  #answered = 0;
  #pause = 0;

  /** What is known of a key, if it is in the table. */
  find(key: string): Known | undefined {
    return this.#known.get(key);
  }

  /** A key that is not in the table has been read; so many reads have been answered here. */
  add(key: string, text: string | null, deadline: number, answered: number): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    if (this.#isFull && ++this.#strangers === WINDOW) {
      if (answered - this.#answered < WINDOW) {
        this.clear();
        this.#pause = PAUSE;
        return;
      }
      this.#strangers = 0;
      this.#answered = answered;
    }
    const known: Known = { key, text: undefined, deadline, wasRead: false };
    this.#known.set(key, known);
    this.#room -= OVERHEAD + key.length;
    this.tell(known, text, deadline);
  }

  /** A key has been read or written; without a text all that is known is that it was. */
  tell(known: Known, text: string | null | undefined, deadline: number): void {
    const fits = text === undefined || text === null || text.length <= LONGEST;
    this.#room += (known.text?.length ?? 0) - (fits ? (text?.length ?? 0) : 0);
    known.text = fits ? text : undefined;
    known.deadline = deadline;
    while (this.#room < 0) this.#drop();
  }

  /** The key has been written: what was known of it is no longer so. */
  forget(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined) this.tell(known, undefined, 0);
  }

  clear(): void {
    this.#known.clear();
    this.#hand = this.#known.values();
    this.#room = ROOM;
    this.#isFull = false;
    this.#strangers = 0;
  }

  /** Moves the hand on by one. */
  #drop(): void {
    this.#isFull = true;
    const { value: known } = this.#hand.next() as { value?: Known };
    if (known === undefined) this.#hand = this.#known.values();
    else if (known.wasRead) known.wasRead = false;
    else {
      this.#known.delete(known.key);
      this.#room += OVERHEAD + known.key.length + (known.text?.length ?? 0);
    }
  }
}
