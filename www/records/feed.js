// Listens to the changes of records. It must not touch the page.

/** How many of the changes that were there before are told too. */
const BEFORE = 200;
const PAUSE_MS = 3_000;

/** The changes of a store, as they happen. */
export class Feed {
  #kv;
  #told;
  /** Ends the current listening. */
  #end;
  /** The seq of the next change. */
  #next;

  /** Calls `told.heard(change)` for each change, and `told.lost(error)` when the store does not answer. */
  constructor(kv, told) {
    this.#kv = kv;
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
        for await (const change of this.#kv.changes.watch({ from: this.#next, signal })) {
          if (signal.aborted) return;
          this.#next = change.seq + 1;
          this.#told.heard(change);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#told.lost(error);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}
