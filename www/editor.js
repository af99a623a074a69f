// A field for code with syntax highlighting: a text area over the same text in colours. What the code does does not
// matter here.

import { highlighted } from "./highlight.js";

/** The field, from a text area and the element behind it. */
export class Editor {
  #area;
  #colours;

  /** `changed()` is called after typing, `run()` when Ctrl+Enter is pressed. */
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
    // The last line needs space even if it is empty.
    this.#colours.replaceChildren(...highlighted(this.#area.value), "\n");
  }
}
