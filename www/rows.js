// A long list of which only what is seen is in the page. It must not know what a row shows.

/** How many rows are kept ready above and below. */
const SPARE = 6;

/** Rows of one height in a scrolling element. */
export class Rows {
  #viewport;
  #spacer;
  #height;
  #make;
  #fill;
  #pool = [];
  #count = 0;
  #frame = 0;

  /** `make()` gives an empty row, `fill(row, index)` puts an item into it. */
  constructor(viewport, spacer, height, make, fill) {
    this.#viewport = viewport;
    this.#spacer = spacer;
    this.#height = height;
    this.#make = make;
    this.#fill = fill;
    viewport.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(viewport);
  }

  /** The indexes that are in the page: from the first up to but not including the last. */
  get shown() {
    const first = Math.max(0, Math.floor(this.#viewport.scrollTop / this.#height) - SPARE);
    const many = Math.ceil(this.#viewport.clientHeight / this.#height) + 2 * SPARE;
    return [first, Math.min(this.#count, first + many)];
  }

  /** There are so many items now. */
  draw(count) {
    this.#count = count;
    this.#spacer.style.height = `${count * this.#height}px`;
    // For styles that give the list no more room than it needs.
    this.#viewport.parentElement.style.setProperty("--list-height", `${count * this.#height}px`);
    const [first, last] = this.shown;
    while (this.#pool.length < last - first) {
      const row = this.#make();
      this.#pool.push(row);
      this.#spacer.append(row);
    }
    for (const [nth, row] of this.#pool.entries()) {
      const index = first + nth;
      row.hidden = index >= last;
      if (row.hidden) continue;
      row.style.transform = `translateY(${index * this.#height}px)`;
      this.#fill(row, index);
    }
  }

  /** Scrolls until an item is seen. */
  reveal(index) {
    const { scrollTop, clientHeight } = this.#viewport;
    const top = index * this.#height;
    if (top < scrollTop) this.#viewport.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) {
      this.#viewport.scrollTop = top + this.#height - clientHeight;
    }
  }

  /** How many rows fit. */
  get fitting() {
    return Math.max(1, Math.floor(this.#viewport.clientHeight / this.#height));
  }

  #soon() {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw(this.#count);
      this.#viewport.dispatchEvent(new Event("shown"));
    });
  }
}
