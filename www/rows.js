// A virtual list: only visible rows are in the page. What a row shows does not matter here.

/** How many rows are rendered above and below the visible ones. */
const SPARE = 6;

/** Rows of equal height in a scrolling element. */
export class Rows {
  #viewport;
  #spacer;
  #height;
  #make;
  #fill;
  #pool = [];
  #count = 0;
  #frame = 0;

  /** `make()` creates an empty row, `fill(row, index)` fills it with an item. */
  constructor(viewport, spacer, height, make, fill) {
    this.#viewport = viewport;
    this.#spacer = spacer;
    this.#height = height;
    this.#make = make;
    this.#fill = fill;
    viewport.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(viewport);
  }

  /** The indexes of rendered rows: the first, inclusive, and the last, exclusive. */
  get shown() {
    const first = Math.max(0, Math.floor(this.#viewport.scrollTop / this.#height) - SPARE);
    const many = Math.ceil(this.#viewport.clientHeight / this.#height) + 2 * SPARE;
    return [first, Math.min(this.#count, first + many)];
  }

  /** Draws the list with this many items. */
  draw(count) {
    this.#count = count;
    this.#spacer.style.height = `${count * this.#height}px`;
    // For styles that make the list no higher than it needs to be.
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

  /** Scrolls until an item is visible. */
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
