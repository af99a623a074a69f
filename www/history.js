// The history of typed lines, and the current position in it. It must not touch the page.

import { recall, remember } from "./remember.js";

const MOST = 200;
/** Longer lines are not kept. */
const LONGEST = 4_000;

/** Lines, navigated with up and down as in a shell. */
export class History {
  #lines = recall("history", []).filter((line) => typeof line === "string");
  #at = this.#lines.length;
  #draft = "";

  /** Adds a line, unless it equals the previous one. */
  add(line) {
    if (line.length <= LONGEST && line !== this.#lines.at(-1)) {
      this.#lines = [...this.#lines, line].slice(-MOST);
      remember("history", this.#lines);
    }
    this.#at = this.#lines.length;
  }

  /** The previous line; `current` is the text in the prompt. `undefined` at the oldest. */
  up(current) {
    if (this.#at === 0) return undefined;
    if (this.#at === this.#lines.length) this.#draft = current;
    this.#at -= 1;
    return this.#lines[this.#at];
  }

  /** The next line; the draft at the end. */
  down() {
    if (this.#at === this.#lines.length) return undefined;
    this.#at += 1;
    return this.#at === this.#lines.length ? this.#draft : this.#lines[this.#at];
  }
}
