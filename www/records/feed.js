// Listens to the changes of records. It must not touch the page.

/** How many of the changes that were there before are told too. */
const BEFORE = 200;
const PAUSE_MS = 3_000;
/** The most changes that are read at once. */
const MANY = 200;

/** The changes of a store, as they happen. */
export class Feed {
  #kv;
  #pace;
  #told;
  /** Ends the current listening. */
  #end;
  /** The seq of the next change. */
  #next;

  /** Ends the current pause. */
  #wake = () => undefined;

  /** Calls `told.heard(change)` for each change, and `told.lost(error)` when the store does not answer. */
  constructor(kv, pace, told) {
    this.#kv = kv;
    this.#pace = pace;
    this.#told = told;
  }

  /** Listens from where it stopped. */
  start() {
    if (this.#end) return;
    this.#end = new AbortController();
    this.#listen(this.#end.signal);
  }

  stop() {
    this.#end?.abort();
    this.#end = undefined;
    this.#wake();
  }

  /** Looks now: there may be changes. */
  look() {
    this.#wake();
  }

  /** Begins again, on another store. */
  reset() {
    const wasListening = this.#end !== undefined;
    this.stop();
    this.#next = undefined;
    if (wasListening) this.start();
  }

  async #listen(signal) {
    while (!signal.aborted) {
      try {
        this.#next ??= Math.max(1, (await this.#kv.changes.latest()) - BEFORE + 1);
        for await (const change of this.#changes(signal)) {
          if (signal.aborted) return;
          this.#next = change.seq + 1;
          this.#told.heard(change);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#told.lost(error);
        await this.#pause(PAUSE_MS);
      }
    }
  }

  #changes(signal) {
    const { isRemote } = this.#pace();
    return isRemote ? this.#asked(signal) : this.#kv.changes.watch({ from: this.#next, signal });
  }

  /** A server is asked more seldom than `watch` would. */
  async *#asked(signal) {
    while (!signal.aborted) {
      const found = await this.#kv.changes.read({ from: this.#next, limit: MANY });
      yield* found;
      if (found.length < MANY) await this.#pause(this.#pace().pollMs);
    }
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
