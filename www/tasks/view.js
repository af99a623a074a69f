// The view of tasks: the board, the form for a new one, workers and a lock, on one store.

import { byId } from "../page.js";
import { Board } from "./board.js";
import { taskForm } from "./form.js";
import { LockPanel } from "./locks.js";
import { Workers } from "./workers.js";

/** The most tasks that are read for the board. */
const MOST = 2_000;
/** Several events in a row are shown together. */
const REST_MS = 60;

/** The view. `kv` counts its operations, `own` does not. */
export class TasksView {
  #place;
  #own;
  #told;
  #isShown = false;
  #isRefused = false;
  #board;
  #workers;
  #locks;
  #timer = 0;
  #poll = 0;

  /** `told` is called with `found()`, or `lost(error)`, by the answers of the store. */
  constructor(place, kv, own, told) {
    this.#place = place;
    this.#own = own;
    this.#told = told;
    this.#board = new Board({
      cancel: (id) => this.#do(() => kv.tasks.cancel(id)),
      requeue: (id) => this.#do(() => kv.tasks.requeue(id)),
    });
    this.#workers = new Workers(
      () => place.store.withPrefix(""),
      () => place.pace,
      () => this.refresh(),
    );
    this.#locks = new LockPanel(kv, own);
    taskForm(async (task) => {
      const created = await kv.tasks.create(task);
      this.refresh();
      return created;
    });
    byId("board-trim").addEventListener("click", () => this.#do(() => kv.tasks.trim(Date.now() + 1)));
    setInterval(() => this.#tick(), 500);
  }

  /** Shows or hides the view; while it is hidden it asks the store nothing. Its workers go on. */
  async show(isShown) {
    this.#isShown = isShown;
    if (!isShown) return;
    const { records } = await this.#own.capabilities();
    this.#isRefused = !records;
    const note = byId("tasks-refused");
    note.hidden = records;
    note.textContent = records
      ? ""
      : `${this.#place.shown} has no tasks and no locks. A store in this tab has them: memory:name.`;
    for (const panel of document.querySelectorAll("#view-tasks > .panel")) panel.hidden = !records;
    this.refresh();
  }

  /** Begins again on another store. */
  reset() {
    this.#workers.reset();
    this.#locks.reset();
    this.#board.show([]);
    if (this.#isShown) this.show(true);
  }

  /** Looks again soon. */
  refresh() {
    if (!this.#isShown || this.#isRefused) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), REST_MS);
  }

  async #look() {
    try {
      this.#board.show(await this.#own.tasks.list({ limit: MOST }));
      await this.#locks.refresh();
      this.#told.found();
    } catch (error) {
      this.#told.lost(error);
    }
  }

  async #do(work) {
    await work().catch(this.#told.lost);
    this.refresh();
  }

  #tick() {
    if (!this.#isShown || this.#isRefused || document.hidden) return;
    this.#board.tick();
    this.#poll += 500;
    if (this.#poll < this.#place.pace.pollMs) return;
    this.#poll = 0;
    this.refresh();
  }
}
