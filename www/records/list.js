// The list of records: by prefix, with the keyboard too. What an open record looks like does not matter here.

import { named } from "../escapes.js";
import { byId, make } from "../page.js";
import { Rows } from "../rows.js";
import { timeLeft, timeOfDay } from "../time.js";

const ROW_HEIGHT = 40;
/** The most records that are listed; their values come with them. */
const MOST = 500;
/** Changes that come together are shown together. */
const REST_MS = 80;

/** The list. */
export class RecordList {
  #kv;
  #does;
  #grid = byId("records");
  #filter = byId("record-filter");
  #rows = new Rows(this.#grid, byId("records-all"), ROW_HEIGHT, makeRow, (row, index) =>
    this.#fill(row, index),
  );
  #records = [];
  /** The key under the keyboard's cursor, and the key that is open. */
  #active;
  #open;
  #timer = 0;
  /** The number of the latest look, so that a late answer is dropped. */
  #looks = 0;

  /** Calls `does.open(key)`, `does.remove(key)`, and `does.found()` or `does.lost(error)` after each look. */
  constructor(kv, does) {
    this.#kv = kv;
    this.#does = does;
    this.#filter.addEventListener("input", () => this.refresh());
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.#grid.focus();
    });
    this.#grid.addEventListener("keydown", (event) => this.#key(event));
    this.#grid.addEventListener("click", (event) => {
      const row = event.target.closest("[role=row]");
      if (row) this.#choose(Number(row.getAttribute("aria-rowindex")) - 1);
    });
  }

  /** Looks again soon. */
  refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), REST_MS);
  }

  /** Empties the list, for another store. */
  reset() {
    this.#looks += 1;
    this.#filter.value = "";
    this.#open = undefined;
    this.#keep([]);
  }

  /** Marks a record as the open one; `undefined` for none. */
  mark(key) {
    this.#open = key;
    if (key !== undefined) this.#active = key;
    this.draw();
  }

  /** Draws the rows again, with the time that is left. */
  draw() {
    this.#rows.draw(this.#records.length);
    const at = this.#at;
    if (at >= 0) this.#grid.setAttribute("aria-activedescendant", `record-row-${at}`);
    else this.#grid.removeAttribute("aria-activedescendant");
  }

  get #at() {
    return this.#records.findIndex(({ key }) => key === this.#active);
  }

  async #look() {
    const look = ++this.#looks;
    try {
      const records = await this.#kv.records.list({ prefix: this.#filter.value, limit: MOST });
      if (look !== this.#looks) return;
      this.#keep(records);
      this.#does.found();
    } catch (error) {
      if (look === this.#looks) this.#does.lost(error);
    }
  }

  #keep(records) {
    this.#records = records;
    const many = records.length;
    byId("record-count").textContent = many === MOST ? `first ${MOST}` : many || "";
    byId("no-records").hidden = many > 0;
    const isFiltered = this.#filter.value !== "";
    byId("no-records-text").textContent = isFiltered
      ? "No record’s key begins like this."
      : "No records yet.";
    byId("record-samples").hidden = isFiltered;
    this.#grid.setAttribute("aria-rowcount", String(many));
    this.draw();
  }

  #fill(row, index) {
    const { key, type, version, updated, expiresAt } = this.#records[index];
    row.id = `record-row-${index}`;
    row.setAttribute("aria-rowindex", String(index + 1));
    row.setAttribute("aria-selected", String(key === this.#open));
    row.classList.toggle("active", key === this.#active);
    const texts = [named(key), type ?? "", `v${version}`, timeOfDay(updated), timeLeft(expiresAt)];
    for (const [nth, cell] of [...row.children].entries()) {
      if (cell.textContent !== texts[nth]) cell.textContent = texts[nth];
    }
    row.firstChild.title = named(key);
  }

  #choose(index) {
    const { key } = this.#records[index];
    this.#active = key;
    this.#rows.reveal(index);
    this.draw();
    this.#does.open(key);
  }

  #key(event) {
    const many = this.#records.length;
    if (many === 0) return;
    const at = this.#at;
    const page = this.#rows.fitting;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: many - 1,
    }[event.key];
    if (to !== undefined) {
      const next = Math.min(Math.max(to, 0), many - 1);
      this.#active = this.#records[next].key;
      this.#rows.reveal(next);
      this.draw();
    } else if (at >= 0 && event.key === "Enter") this.#choose(at);
    else if (at >= 0 && event.key === "Delete") this.#does.remove(this.#active);
    else return;
    event.preventDefault();
  }
}

function makeRow() {
  const cell = (name) => make("span", { role: "gridcell", class: name });
  return make(
    "div",
    { role: "row", class: "record-row" },
    ...["key-name", "record-kind", "record-version", "record-time", "key-left"].map(cell),
  );
}
