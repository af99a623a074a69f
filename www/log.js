// The console's output: entries of plain text, newest last. Where they come from does not matter here.

import { escapedLines } from "./escapes.js";
import { make } from "./page.js";

/** The most entries; older ones are removed. */
const MOST = 600;

/** The console's output. */
export class Log {
  #element;

  constructor(element) {
    this.#element = element;
  }

  /** Adds an entry: `command`, `reply`, `error`, `note`, `help`, `call` or `title`. */
  add(kind, text) {
    const isAtEnd = this.#isAtEnd();
    this.#element.append(make("div", { class: `entry ${kind}` }, escapedLines(text)));
    while (this.#element.childElementCount > MOST) this.#element.firstElementChild.remove();
    if (isAtEnd || kind === "command" || kind === "title") this.#toEnd();
  }

  clear() {
    this.#element.replaceChildren();
  }

  /** Only scroll along if the user has not scrolled up. */
  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  #toEnd() {
    this.#element.scrollTop = this.#element.scrollHeight;
  }
}
