// A field for code, with its colours: a text area over the same text in colours. It must not know what the code does.

import { highlighted } from "./highlight.js";

/** The field of a text area and the element behind it. */
export class Editor {
  #area;
  #colours;

  /** `changed()` is told what is typed, `run()` that Control and Enter were pressed. */
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
    // The last line takes room also when it is empty.
    this.#colours.replaceChildren(...highlighted(this.#area.value), "\n");
  }
}
