// The list of suggestions at the prompt: display, navigation, selection. What is suggested does not matter here.

import { make } from "./page.js";

/** A listbox that belongs to a combobox; the focus stays in the input. */
export class Popup {
  #input;
  #list;
  #items = [];
  #start = 0;
  #active = -1;
  #chosen;

  /** Calls `chosen(start, text)` with the selected text, to be inserted from `start` on. */
  constructor(input, list, chosen) {
    this.#input = input;
    this.#list = list;
    this.#chosen = chosen;
    // Before the input would lose the focus.
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const row = event.target.closest("[role=option]");
      if (row) this.#pick(Number(row.dataset.index));
    });
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  /** Whether a suggestion is active. */
  get hasActive() {
    return this.#active >= 0;
  }

  show({ start, items }) {
    this.#items = items;
    this.#start = start;
    this.#list.replaceChildren(...items.map(option));
    this.#list.hidden = items.length === 0;
    this.#input.setAttribute("aria-expanded", String(items.length > 0));
    this.#mark(-1);
  }

  hide() {
    this.show({ start: 0, items: [] });
  }

  /** Moves up or down, wrapping around. */
  move(by) {
    const many = this.#items.length;
    const next = this.#active === -1 && by < 0 ? many - 1 : (this.#active + by + many) % many;
    this.#mark(next);
  }

  /** Selects the active suggestion, or the first. */
  accept() {
    this.#pick(Math.max(0, this.#active));
  }

  #pick(index) {
    const item = this.#items[index];
    const start = this.#start;
    this.hide();
    if (item) this.#chosen(start, item.text);
  }

  #mark(index) {
    this.#active = index;
    for (const [nth, row] of [...this.#list.children].entries()) {
      row.setAttribute("aria-selected", String(nth === index));
      if (nth === index) row.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `suggestion-${index}`);
  }
}

function option(item, index) {
  return make(
    "li",
    { role: "option", id: `suggestion-${index}`, "data-index": index, "aria-selected": "false" },
    make("span", { class: "suggestion-text" }, item.text),
    make("span", { class: "suggestion-hint" }, item.hint),
    make("span", { class: "suggestion-says" }, item.says ?? ""),
  );
}
