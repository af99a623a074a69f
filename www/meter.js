// The number of operations in each second. It must not touch the page.

/** How many seconds are kept. */
export const SECONDS = 60;

/** Counts operations. */
export class Meter {
  #now = 0;
  #since = performance.now();
  /** Operations per second, the latest last. */
  rates = new Array(SECONDS).fill(0);

  add(many = 1) {
    this.#now += many;
  }

  /** Ends a second. Timers are late, so the count is divided by the actual time. */
  next() {
    const now = performance.now();
    const rate = (this.#now * 1_000) / Math.max(1, now - this.#since);
    this.rates = [...this.rates.slice(1), Math.round(rate)];
    this.#now = 0;
    this.#since = now;
  }
}
