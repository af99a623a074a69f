// Shows the changes of records as they come, the newest first. Where they come from does not matter here.

import { named } from "../escapes.js";
import { announce, byId, make } from "../page.js";
import { timeOfDay } from "../time.js";

/** The most changes that are kept, and drawn. */
const MOST_KEPT = 1_000;
const MOST_DRAWN = 200;

/** The panel of changes. */
export class ChangeStream {
  #list = byId("changes");
  #pause = byId("changes-pause");
  #prefix = byId("changes-prefix");
  #type = byId("changes-type");
  /** The newest last. */
  #changes = [];
  /** Those that came during a pause. */
  #held = [];
  #isPaused = false;
  #frame = 0;

  /** `trim()` removes the changes from the store, and returns how many. */
  constructor(trim) {
    for (const field of [this.#prefix, this.#type]) field.addEventListener("input", () => this.#redraw());
    this.#pause.addEventListener("click", () => this.#toggle());
    byId("changes-trim").addEventListener("click", async () => {
      const many = await trim();
      if (many === undefined) return;
      this.reset();
      announce(`Removed ${many} changes`);
    });
    this.#redraw();
  }

  /** Adds a change. */
  add(change) {
    byId("changes-latest").textContent = `seq ${change.seq}`;
    if (this.#isPaused) {
      this.#held.push(change);
      this.#showPause();
      return;
    }
    this.#changes.push(change);
    this.#soon();
  }

  /** Forgets all changes. */
  reset() {
    this.#changes = [];
    this.#held = [];
    this.#showPause();
    this.#redraw();
  }

  #toggle() {
    this.#isPaused = !this.#isPaused;
    this.#changes.push(...this.#held.splice(0));
    this.#showPause();
    this.#soon();
  }

  #showPause() {
    const waiting = this.#held.length > 0 ? ` (${this.#held.length})` : "";
    this.#pause.textContent = this.#isPaused ? `Resume${waiting}` : "Pause";
    this.#pause.setAttribute("aria-pressed", String(this.#isPaused));
  }

  #isShown({ record }) {
    const type = this.#type.value;
    return record.key.startsWith(this.#prefix.value) && (type === "" || record.type === type);
  }

  /** Draws what is new, at most once a frame. */
  #soon() {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#changes.splice(0, this.#changes.length - MOST_KEPT);
      const newest = Number(this.#list.firstElementChild?.dataset.seq ?? 0);
      const fresh = this.#changes.filter((change) => change.seq > newest && this.#isShown(change));
      if (fresh.length > 0 && newest === 0) this.#redraw();
      else this.#list.prepend(...fresh.slice(-MOST_DRAWN).reverse().map(entry));
      while (this.#list.childElementCount > MOST_DRAWN) this.#list.lastElementChild.remove();
    });
  }

  #redraw() {
    const shown = this.#changes.filter((change) => this.#isShown(change)).slice(-MOST_DRAWN);
    const none = make("p", { class: "no-changes" }, "Changes of records appear here as they happen.");
    this.#list.replaceChildren(...(shown.length > 0 ? shown.reverse().map(entry) : [none]));
  }
}

/** One change; opened, it shows the record's value. */
function entry({ seq, action, at, record }) {
  const { key, version, type, value } = record;
  return make(
    "details",
    { class: "change", "data-seq": seq },
    make(
      "summary",
      {},
      make("span", { class: "change-seq" }, String(seq)),
      make("span", { class: `badge ${action}` }, action),
      make("span", { class: "change-key" }, named(key)),
      make("span", { class: "change-version" }, `v${version}`),
      make("time", { datetime: new Date(at).toISOString() }, timeOfDay(at)),
    ),
    make("pre", {}, `${type === null ? "" : `${named(type)} `}${JSON.stringify(value, null, 2)}`),
  );
}
