// The console's output: entries of plain text, newest last. Where they come from does not matter here.

import { escapedLines } from "./escapes.js";
import { make } from "./page.js";

/** The most entries; older ones are removed. */
const MOST = 600;

/** The console's output. */
export class Log {
  #element;
  #scroller;

  constructor(element, scroller = element) {
    this.#element = element;
    this.#scroller = scroller;
  }

  /**
   * Adds an entry: `command`, `reply`, `result`, `error`, `note`, `help`, `call`, `say` or `title`; `tag` is a label.
   */
  add(kind, text, tag = "") {
    const isAtEnd = this.#isAtEnd();
    const entry = make("div", { class: `entry ${kind}` }, escapedLines(text));
    if (tag !== "") entry.append(" ", make("span", { class: "kind" }, tag));
    this.#element.append(entry);
    while (this.#element.childElementCount > MOST) this.#element.firstElementChild.remove();
    if (isAtEnd || kind === "command" || kind === "title") this.#toEnd();
  }

  /** A log inside this one, at this place: its entries stay together, whatever is added here later. */
  block() {
    const element = make("div", { class: "block" });
    this.#element.append(element);
    return new Log(element, this.#scroller);
  }

  clear() {
    this.#element.replaceChildren();
  }

  /** Only scroll along if the user has not scrolled up. */
  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}
