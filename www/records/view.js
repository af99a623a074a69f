// The view of records: their list, the open one, and the stream of changes, on one store.

import { ask } from "../ask.js";
import { byId } from "../page.js";
import { RecordEditor } from "./editor.js";
import { Feed } from "./feed.js";
import { RecordList } from "./list.js";
import { ChangeStream } from "./stream.js";

const SAMPLES = [
  { put: "person:ada", version: -1, value: { name: "Ada", age: 36, city: "London" }, type: "Person" },
  { put: "person:ben", version: -1, value: { name: "Ben", age: 29, tags: ["new"] }, type: "Person" },
  { put: "order:1", version: -1, value: { of: "person:ada", items: ["tea"], paid: false }, type: "Order" },
  { put: "invite:ben", version: -1, value: { from: "person:ada" }, ttl: "5m" },
];

/** The view. `kv` counts its operations, `own` does not. */
export class RecordsView {
  #place;
  #own;
  #isShown = false;
  #editor;
  #list;
  #stream;
  #feed;

  /** `told` is called with `found()`, or `lost(error)`, by the answers of the store. */
  constructor(place, kv, own, told) {
    this.#place = place;
    this.#own = own;
    this.#list = new RecordList(own, {
      open: (key) => this.#editor.open(key),
      remove: async (key) => {
        if (key !== this.#editor.key) await this.#editor.open(key);
        await this.#editor.remove();
      },
      ...told,
    });
    this.#editor = new RecordEditor(kv, (key) => this.#list.mark(key));
    this.#stream = new ChangeStream(() => this.#trim());
    this.#feed = new Feed(own, () => place.pace, {
      heard: (change) => {
        this.#stream.add(change);
        this.#editor.heard(change);
        this.#list.refresh();
      },
      lost: told.lost,
    });
    byId("record-new").addEventListener("click", () => {
      this.#editor.create();
      byId("record-key").focus();
    });
    byId("record-samples").addEventListener("click", async () => {
      await kv.records.mutate(SAMPLES);
      await this.#editor.open("person:ada");
      byId("records").focus();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#feed.stop();
      else this.show(this.#isShown);
    });
    setInterval(() => this.#tick(), 500);
  }

  /** Shows or hides the view; while it is hidden it asks the store nothing. */
  async show(isShown) {
    this.#isShown = isShown;
    if (!isShown) return this.#feed.stop();
    const { records } = await this.#own.capabilities();
    if (!this.#isShown) return undefined;
    this.#refuse(!records);
    if (!records) return undefined;
    this.#feed.start();
    return this.#list.refresh();
  }

  /** Begins again on another store. */
  reset() {
    this.#feed.reset();
    this.#stream.reset();
    this.#list.reset();
    this.#editor.create();
    if (this.#isShown) this.show(true);
  }

  /** Something has been done on the store that may leave no change, such as a flush. */
  refresh() {
    if (!this.#isShown || !byId("records-refused").hidden) return;
    this.#feed.look();
    this.#list.refresh();
  }

  #refuse(isRefused) {
    const note = byId("records-refused");
    note.hidden = !isRefused;
    note.textContent = isRefused
      ? `${this.#place.shown} has no records, and so no changes. A store in this tab has them: memory:name.`
      : "";
    for (const panel of document.querySelectorAll("#view-records > .panel")) panel.hidden = isRefused;
  }

  #tick() {
    if (!this.#isShown || document.hidden) return;
    this.#list.draw();
    this.#editor.tick();
  }

  async #trim() {
    const latest = await this.#own.changes.latest();
    if (this.#place.isAway) {
      const isMeant = await ask({
        title: `Remove all changes of ${this.#place.shown}?`,
        text: "The records stay. Whoever has not read these changes will not see them.",
        submit: "Remove",
        isBad: true,
      });
      if (!isMeant) return undefined;
    }
    return this.#own.changes.trim(latest + 1);
  }
}
