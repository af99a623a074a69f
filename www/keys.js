// The key browser: a filtered tree that stays up to date, with keyboard navigation and the remaining time of each key.
// It only makes the changes that the user requests.

import { describe, listKeys } from "./entries.js";
import { named } from "./escapes.js";
import { announce, byId, make } from "./page.js";
import { Rows } from "./rows.js";
import { timeLeft } from "./time.js";
import { idOf, treeOf } from "./tree.js";
import { remove, restore, TooLarge } from "./undo.js";
import { ValueView } from "./value.js";

const ROW_HEIGHT = 40;
/** A store that does not answer is polled less and less often, down to this fraction. */
const MOST_SELDOM = 12;
/** How long a deleted key can be restored. */
const UNDO_MS = 10_000;

/** The list of keys, and the value of the open one. */
export class KeyBrowser {
  #kv;
  #grid = byId("keys");
  #filter = byId("filter");
  #rows;
  #view;
  #keys = [];
  /** The lines of the list: keys, and groups; and the groups that the user has opened or closed. */
  #lines = [];
  #groups = new Map();
  #facts = new Map();
  #isCut = false;
  /** The ID of the line with the keyboard focus. */
  #active;
  #busy = false;
  #again = false;
  #timer = 0;
  #looked = 0;
  #seldom = 1;
  /** Counts changes of the store: answers of an earlier one are ignored. */
  #era = 0;
  #pace;
  #told;
  #undo = byId("undo");
  /** The last deleted entry, while it can be restored. */
  #deleted;
  #undoTimer = 0;
  /** The key for which a warning was shown that it cannot be restored. */
  #warned;

  /** `pace()` returns how often the store may be asked; `told` is notified of its answers: `found()`, `lost(error)`. */
  constructor(kv, pace, told) {
    this.#kv = kv;
    this.#pace = pace;
    this.#told = told;
    this.#view = new ValueView(kv, {
      remove: (key) => this.#try(() => this.#delete(key)),
      change: (work) => this.#try(() => this.#change(work)),
      closed: () => this.#grid.focus(),
    });
    this.#rows = new Rows(this.#grid, byId("keys-all"), ROW_HEIGHT, makeRow, (row, index) =>
      this.#fill(row, index),
    );
    this.#grid.addEventListener("shown", () => this.#try(() => this.#describeShown()));
    this.#grid.addEventListener("keydown", (event) => this.#key(event));
    this.#grid.addEventListener("click", (event) => this.#click(event));
    this.#grid.addEventListener("focus", () => this.#draw());
    this.#filter.addEventListener("input", () => {
      // Matches are shown, also in groups that were closed.
      this.#groups = new Map();
      this.refresh();
    });
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.#grid.focus();
    });
    byId("undo-button").addEventListener("click", () => this.#try(() => this.#restore()));
    // Wherever the focus went after the deletion; in text fields the shortcut undoes typing.
    document.addEventListener("keydown", (event) => {
      if (!isUndo(event) || this.#deleted === undefined || event.target.matches("input, textarea")) return;
      event.preventDefault();
      this.#try(() => this.#restore());
    });
    // Keep the button while it has the focus.
    this.#undo.addEventListener("focusin", () => clearTimeout(this.#undoTimer));
    this.#undo.addEventListener("focusout", () => this.#forgetLater());
    document.addEventListener("visibilitychange", () => this.refresh());
    // Half a second: with a whole one, the countdown would sometimes skip a number.
    setInterval(() => this.#tick(), 500);
    this.refresh();
  }

  /** The number of listed keys. */
  get count() {
    return this.#keys.length;
  }

  /** Some of the listed keys that begin with `start`. */
  startingWith(start, most) {
    return this.#keys.filter((key) => key.startsWith(start)).slice(0, most);
  }

  /** Resets the list for another store. */
  reset() {
    this.#era += 1;
    this.#keep([]);
    this.#groups = new Map();
    this.#facts = new Map();
    this.#seldom = 1;
    this.#looked = 0;
    this.#filter.value = "";
    this.#forget();
    this.#view.close();
    this.#showCount();
    this.#draw();
    this.refresh();
  }

  /** Refreshes the list soon: now, or after a pause since the last time. */
  refresh() {
    if (document.hidden) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    const rest = Math.max(0, this.#looked + this.#pace().restMs * this.#seldom - performance.now());
    this.#timer = setTimeout(() => this.#look(), rest);
  }

  async #look() {
    this.#busy = true;
    this.#again = false;
    const pace = this.#pace();
    const era = this.#era;
    await this.#try(async () => {
      const { keys, isCut } = await listKeys(this.#kv, this.#filter.value, pace);
      if (era !== this.#era) return;
      this.#isCut = isCut;
      this.#keep(keys);
      this.#rows.draw(this.#lines.length);
      await this.#describeShown();
      await this.#view.refresh();
      this.#showCount();
    });
    this.#busy = false;
    this.#looked = performance.now();
    const isLate = this.#again || era !== this.#era;
    this.#timer = setTimeout(() => this.refresh(), isLate ? pace.restMs : pace.pollMs * this.#seldom);
  }

  /** Takes over the current keys. */
  #keep(keys) {
    this.#keys = keys;
    const isFiltered = this.#filter.value !== "";
    this.#lines = treeOf(keys, this.#groups, isFiltered ? Infinity : undefined);
    if (this.#at < 0) this.#active = undefined;
  }

  /** The index of the active line; -1 for none. */
  get #at() {
    return this.#lines.findIndex((line) => idOf(line) === this.#active);
  }

  /** Opens or closes a group. */
  #toggle({ prefix, isOpen }) {
    this.#groups.set(prefix, !isOpen);
    this.#keep(this.#keys);
    this.#draw();
    this.#try(() => this.#describeShown());
  }

  /** Runs work that asks the store, and reports whether it has answered. */
  async #try(work) {
    const era = this.#era;
    try {
      await work();
      if (era !== this.#era) return;
      this.#seldom = 1;
      this.#told.found();
    } catch (error) {
      if (era !== this.#era) return;
      this.#seldom = Math.min(this.#seldom * 2, MOST_SELDOM);
      this.#told.lost(error);
    }
  }

  async #describeShown() {
    const era = this.#era;
    const [first, last] = this.#rows.shown;
    const shown = this.#lines.slice(first, last).flatMap(({ key }) => key ?? []);
    const facts = await describe(this.#kv, shown);
    if (era !== this.#era) return;
    // Hidden rows are read again when they become visible.
    this.#facts = facts;
    this.#draw();
  }

  #draw() {
    this.#rows.draw(this.#lines.length);
    this.#grid.setAttribute("aria-rowcount", String(this.#lines.length));
    const at = this.#at;
    if (at >= 0) this.#grid.setAttribute("aria-activedescendant", `key-${at}`);
    else this.#grid.removeAttribute("aria-activedescendant");
  }

  #showCount() {
    const many = this.#keys.length;
    const count = `${this.#isCut ? "first " : ""}${many.toLocaleString("en")}`;
    byId("key-count").textContent = many === 0 ? "" : count;
    byId("no-keys").hidden = many > 0;
    byId("no-keys-text").textContent =
      this.#filter.value === ""
        ? "No keys yet. Run a command or the program."
        : "No key matches this filter.";
  }

  #fill(row, index) {
    const line = this.#lines[index];
    const { key, prefix, count, isOpen, depth, from } = line;
    const isGroup = prefix !== undefined;
    const whole = prefix ?? key;
    const facts = this.#facts.get(key);
    row.id = `key-${index}`;
    row.setAttribute("aria-rowindex", String(index + 1));
    row.setAttribute("aria-level", String(depth + 1));
    row.setAttribute("aria-selected", String(!isGroup && key === this.#view.key));
    if (isGroup) row.setAttribute("aria-expanded", String(isOpen));
    else row.removeAttribute("aria-expanded");
    row.classList.toggle("active", idOf(line) === this.#active);
    row.style.setProperty("--depth", depth);
    const [name, badge, preview, left, remove] = row.children;
    put(name, named(whole.slice(from) || whole));
    name.title = named(whole);
    badge.firstChild.textContent = facts?.type ?? "";
    badge.firstChild.className = `badge ${facts?.type ?? ""}`;
    put(preview, facts?.preview ?? "");
    put(left, isGroup ? `${count.toLocaleString("en")} keys` : timeLeft(facts?.deadline));
    left.classList.toggle("soon", facts?.deadline > 0 && facts.deadline - Date.now() < 10_000);
    remove.firstChild.hidden = isGroup;
    remove.firstChild.setAttribute("aria-label", `Delete ${named(whole)}`);
  }

  /** Updates the visible countdowns; expired keys disappear immediately. */
  #tick() {
    if (document.hidden) return;
    const now = Date.now();
    const gone = this.#keys.filter((key) => {
      const deadline = this.#facts.get(key)?.deadline;
      return deadline > 0 && deadline <= now;
    });
    if (gone.length > 0) {
      this.#keep(this.#keys.filter((key) => !gone.includes(key)));
      this.#showCount();
      this.refresh();
    }
    this.#draw();
    this.#view.tick();
  }

  #click(event) {
    const row = event.target.closest("[role=row]");
    const line = row && this.#lines[Number(row.getAttribute("aria-rowindex")) - 1];
    if (!line) return;
    this.#active = idOf(line);
    if (line.prefix !== undefined) this.#toggle(line);
    else this.#try(() => (event.target.closest("button") ? this.#delete(line.key) : this.#open(line.key)));
  }

  async #open(key) {
    const opened = this.#view.open(key);
    this.#draw();
    await opened;
    // The opened value takes space from the list.
    const at = this.#at;
    if (at >= 0) this.#rows.reveal(at);
  }

  /** Runs a change of the open key, then shows the result. */
  async #change(work) {
    const before = this.#view.key;
    if (!(await work())) return;
    await this.#view.refresh();
    const { key } = this.#view;
    if (key !== before && key !== undefined) {
      this.#active = idOf({ key });
      this.#keep(this.#keys.map((each) => (each === before ? key : each)).sort());
      this.#draw();
    }
    this.refresh();
  }

  async #delete(key) {
    const at = this.#lines.findIndex((line) => line.key === key);
    try {
      this.#deleted = await remove(this.#kv, key, this.#warned === key);
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      this.#warned = key;
      this.#offer(`${named(key)} is too large to be brought back. Delete it again if you mean it.`, false);
      return;
    }
    this.#warned = undefined;
    if (this.#view.key === key) this.#view.close();
    this.#keep(this.#keys.filter((each) => each !== key));
    const next = this.#lines[Math.min(Math.max(at, 0), this.#lines.length - 1)];
    this.#active = next && idOf(next);
    this.#offer(`Deleted ${named(key)}`, this.#deleted !== undefined);
    this.#showCount();
    this.#draw();
    this.refresh();
  }

  /** Shows what was done beside the undo button, for some seconds. */
  #offer(text, canUndo) {
    byId("undo-text").textContent = text;
    byId("undo-button").hidden = !canUndo;
    this.#undo.hidden = false;
    announce(canUndo ? `${text}. Control and Z brings it back.` : text);
    this.#forgetLater();
  }

  #forgetLater() {
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => this.#forget(), UNDO_MS);
  }

  #forget() {
    clearTimeout(this.#undoTimer);
    if (this.#undo.contains(document.activeElement)) this.#grid.focus();
    this.#undo.hidden = true;
    this.#deleted = undefined;
    this.#warned = undefined;
  }

  async #restore() {
    const entry = this.#deleted;
    if (entry === undefined) return;
    // Once, even if the button is pressed repeatedly.
    this.#deleted = undefined;
    const name = named(entry.key);
    const done = await restore(this.#kv, entry).catch((error) => {
      this.#deleted = entry;
      throw error;
    });
    this.#forget();
    if (done === "restored") {
      this.#active = idOf(entry);
      this.#keep([...new Set([...this.#keys, entry.key])].sort());
      announce(`${name} is back`);
      this.#grid.focus();
      this.refresh();
    } else {
      const why = done === "taken" ? "another value has its name now" : "it would have expired meanwhile";
      this.#offer(`${name} stays deleted: ${why}.`, false);
    }
  }

  #key(event) {
    const many = this.#lines.length;
    if (many === 0 || event.target !== this.#grid) return;
    const at = this.#at;
    const line = this.#lines[at] ?? {};
    const { key, prefix, isOpen, depth } = line;
    const isGroup = prefix !== undefined;
    const page = this.#rows.fitting;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: many - 1,
      ArrowRight: isGroup && isOpen ? at + 1 : undefined,
      ArrowLeft: depth > 0 && !(isGroup && isOpen) ? this.#groupOf(at) : undefined,
    }[event.key];
    if (to !== undefined) this.#walk(Math.min(Math.max(to, 0), many - 1));
    else if (isGroup && event.key === { true: "ArrowLeft", false: "ArrowRight" }[isOpen]) this.#toggle(line);
    else if (isGroup && event.key === "Enter") this.#toggle(line);
    else if (key !== undefined && event.key === "Enter") this.#try(() => this.#open(key));
    else if (key !== undefined && event.key === "Delete") this.#try(() => this.#delete(key));
    else return;
    event.preventDefault();
  }

  /** The line of the group that contains a line. */
  #groupOf(at) {
    return this.#lines.slice(0, at).findLastIndex(({ depth }) => depth < this.#lines[at].depth);
  }

  #walk(index) {
    this.#active = idOf(this.#lines[index]);
    this.#rows.reveal(index);
    this.#draw();
  }
}

const isUndo = (event) =>
  (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";

function makeRow() {
  const cell = (name, ...children) => make("span", { role: "gridcell", class: name }, ...children);
  return make(
    "div",
    { role: "row", class: "key" },
    cell("key-name"),
    cell("key-type", make("span", { class: "badge" })),
    cell("key-preview"),
    cell("key-left"),
    cell("key-delete", make("button", { type: "button", class: "quiet", tabindex: "-1" }, "×")),
  );
}

/** Only sets changed text, to avoid layout work. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
