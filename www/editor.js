// A code editor: a text area with transparent text over the same text in colours. It must not know what the code does.

import { highlighted } from "./highlight.js";

/** A text area and the element behind it. */
export class Editor {
  #area;
  #colours;

  /** Calls `changed()` on input, and `run()` on Ctrl+Enter. */
  constructor(area, colours, { changed, run }) {
    this.#area = area;
    this.#colours = colours;
    area.addEventListener("input", () => {
      this.#paint();
      changed();
    });
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      run();
    });
  }

  get text() {
    return this.#area.value;
  }

  set text(text) {
    this.#area.value = text;
    this.#paint();
    this.#area.parentElement.scrollTop = 0;
  }

  #paint() {
    // Without it, an empty last line would have no height.
    this.#colours.replaceChildren(...highlighted(this.#area.value), "\n");
  }
}
