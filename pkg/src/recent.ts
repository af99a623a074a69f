// Strings that were used lately, so that reading them again need not cross into the core. Two generations instead of a list
// of uses: what is read in the old one moves to the young one; when the young one is full it becomes the old one.

/** How many strings a generation holds, and how long one may be: a few megabytes at the most. */
const CAPACITY = 16_384;
const LONGEST = 256;

/**
 * Once a generation has been filled only every eighth string that is read is kept: what is read often gets in soon all the
 * same, and reading very many keys once each does not pay for a table that cannot help.
 */
const SELDOM = 8;

/** The strings of keys, a bounded number of them. */
export class Recent {
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #reads = 0;

  get(key: string): string | undefined {
    const text = this.#young.get(key);
    if (text !== undefined || this.#old.size === 0) return text;
    const older = this.#old.get(key);
    if (older !== undefined) this.#keep(key, older);
    return older;
  }

  /** The key has been read. */
  add(key: string, text: string): void {
    if (this.#old.size === 0 || ++this.#reads % SELDOM === 0) this.#keep(key, text);
  }

  #keep(key: string, text: string): void {
    if (text.length > LONGEST || key.length > LONGEST) return;
    if (this.#young.size >= CAPACITY) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, text);
  }

  /** The key has been written: what was known of it is no longer so. */
  replace(key: string, text: string): void {
    if (this.#young.has(key)) {
      if (text.length <= LONGEST) this.#young.set(key, text);
      else this.#young.delete(key);
    }
    if (this.#old.size !== 0) this.#old.delete(key);
  }

  delete(key: string): void {
    this.#young.delete(key);
    if (this.#old.size !== 0) this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
