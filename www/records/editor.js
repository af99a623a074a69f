// Edits one record as JSON. It is saved only as the version that was read; otherwise the conflict is shown.

import { Editor } from "../editor.js";
import { named } from "../escapes.js";
import { announce, byId } from "../page.js";
import { errorText } from "../reply.js";
import { timeLeft, timeOfDay } from "../time.js";
import { Conflict } from "./conflict.js";

const TEMPLATE = '{\n  "name": "Ada"\n}';
/** What somebody else writes on demand. */
const OTHERS = ["Ben", "Cleo", "Dan"];

/** The open record. */
export class RecordEditor {
  #kv;
  #opened;
  #key = byId("record-key");
  #type = byId("record-type");
  #ttl = byId("record-ttl");
  #value = new Editor(byId("record-value"), byId("record-colours"), {
    changed: () => undefined,
    run: () => this.#try(() => this.#save()),
  });
  #conflict = new Conflict({
    take: () => this.#try(() => this.#takeTheirs()),
    again: () => this.#editAgain(),
    overwrite: () => this.#try(() => this.#overwrite()),
  });
  /** The record as it was read; `undefined` if there is none. */
  #base;
  /** Whether a record with this key exists or did exist: its key stays. */
  #isKeyed = false;
  /** The fields as they were filled in. */
  #filled;
  /** Whether changes of others are announced instead of shown. */
  #isHeld = false;
  /** In a conflict, the other record. */
  #theirs;
  #others = 0;

  /** Calls `opened(key)` when another record is shown; `undefined` for a new one. */
  constructor(kv, opened) {
    this.#kv = kv;
    this.#opened = opened;
    byId("record-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(() => this.#save());
    });
    byId("record-delete").addEventListener("click", () => this.#try(() => this.remove()));
    byId("record-behind").addEventListener("click", () => this.#try(() => this.#changeBehind()));
    byId("patch").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(() => this.#patch());
    });
    this.create();
  }

  /** The key of the record that is shown. */
  get key() {
    return this.#isKeyed ? this.#key.value : undefined;
  }

  /** Begins a new record. */
  create() {
    this.#base = undefined;
    this.#isKeyed = false;
    this.#fill({ key: "", type: "", text: TEMPLATE });
  }

  /** Shows a record. */
  open(key) {
    return this.#try(async () => {
      const record = await this.#kv.records.get(key);
      if (record === null) throw new Error(`${named(key)} is not there any more.`);
      this.#show(record);
    });
  }

  /** Deletes the open record. What was in it stays, so that it can be saved again. */
  async remove() {
    const { key, version } = this.#base;
    await this.#kv.records.delete(key);
    this.#base = undefined;
    this.#showFacts();
    this.#tell(`${named(key)} is deleted. Save creates it again, as version 1.`);
    announce(`Deleted ${named(key)}, version ${version}`);
    byId("record-save").focus();
  }

  /** Takes notice of a change of any record. */
  heard({ action, record }) {
    if (record.key !== this.key || this.#conflict.isOpen) return;
    if (action === "delete") {
      if (this.#base === undefined) return;
      this.#tell("The record has been deleted meanwhile: saving will conflict.");
    } else if (record.stamp <= (this.#base?.stamp ?? 0)) return;
    else if (this.#isHeld || this.#isEdited() || this.#base === undefined) {
      const mine = this.#base ? `You edit version ${this.#base.version}` : "You edit a new record";
      this.#tell(`Version ${record.version} is there now. ${mine}: saving will conflict.`);
    } else this.#show(record);
  }

  /** Updates the countdown. */
  tick() {
    const left = timeLeft(this.#base?.expiresAt);
    this.#ttl.placeholder = left === "" ? "never" : `${left} left`;
  }

  #isEdited() {
    const { key, type, ttl, text } = this.#filled;
    return (
      this.#key.value !== key ||
      this.#type.value !== type ||
      this.#ttl.value !== ttl ||
      this.#value.text !== text
    );
  }

  #show(record) {
    this.#base = record;
    this.#isKeyed = true;
    this.#fill({ key: record.key, type: record.type ?? "", text: textOf(record.value) });
  }

  #fill({ key, type, text }) {
    this.#key.value = key;
    this.#type.value = type;
    this.#ttl.value = "";
    this.#value.text = text;
    this.#filled = { key, type, ttl: "", text };
    this.#isHeld = false;
    this.#conflict.close();
    this.#tell("");
    byId("record-problem").textContent = "";
    this.#showFacts();
    this.#opened(this.key);
  }

  #showFacts() {
    const base = this.#base;
    this.#key.readOnly = this.#isKeyed;
    byId("record-title").textContent = this.#isKeyed ? "Record" : "New record";
    byId("record-version").textContent = base ? `version ${base.version}` : "";
    byId("record-facts").textContent = base
      ? `Created ${timeOfDay(base.created)}, updated ${timeOfDay(base.updated)}, stamp ${base.stamp}`
      : "";
    byId("record-save").textContent = base ? `Save over version ${base.version}` : "Create";
    for (const id of ["record-delete", "record-behind", "patch"]) byId(id).hidden = base === undefined;
    this.tick();
  }

  #tell(text) {
    byId("record-news").textContent = text;
    byId("record-news").hidden = text === "";
  }

  /** Runs work that may fail, and shows why. */
  async #try(work) {
    byId("record-problem").textContent = "";
    try {
      await work();
    } catch (error) {
      byId("record-problem").textContent = error.code === undefined ? error.message : errorText(error);
    }
  }

  async #save() {
    const key = this.#key.value;
    const value = parsed(this.#value.text);
    const version = this.#base?.version ?? 0;
    try {
      await this.#put(key, version, value);
    } catch (error) {
      if (error.code !== "conflict") throw error;
      await this.#clash(key);
    }
  }

  async #put(key, version, value) {
    const type = this.#type.value || undefined;
    const ttl = this.#ttl.value.trim();
    // A put removes the deadline unless it is told otherwise.
    const keeps = ttl === "" && this.#base ? { keepTtl: true } : {};
    const given = ttl === "" ? keeps : { ttl: /^\d+(\.\d+)?$/.test(ttl) ? Number(ttl) : ttl };
    const head = await this.#kv.records.put(key, version, value, { type, ...given });
    this.#show({ ...head, value });
    announce(`Saved ${named(key)}, version ${head.version}`);
  }

  async #clash(key) {
    this.#theirs = (await this.#kv.records.get(key)) ?? undefined;
    this.#conflict.show({
      base: this.#base,
      theirs: this.#theirs,
      theirText: this.#theirs ? textOf(this.#theirs.value) : "",
      yourText: this.#value.text,
    });
    announce(byId("conflict-title").textContent);
  }

  async #takeTheirs() {
    if (this.#theirs) this.#show(this.#theirs);
    else this.create();
    byId("record-value").focus();
  }

  /** Keeps what was typed, on top of what the others wrote. */
  #editAgain() {
    this.#base = this.#theirs;
    this.#isKeyed = true;
    this.#isHeld = true;
    this.#conflict.close();
    this.#tell("");
    this.#showFacts();
    this.#opened(this.key);
    byId("record-value").focus();
  }

  async #overwrite() {
    this.#editAgain();
    await this.#save();
    byId("record-save").focus();
  }

  async #patch() {
    if (this.#isEdited()) throw new Error("Save what you have edited first.");
    const patch = parsed(byId("patch-value").value);
    const { key, version } = this.#base;
    await this.#kv.records.patch(key, version, patch);
    this.#show(await this.#kv.records.get(key));
    announce(`Patched ${named(key)}`);
  }

  /** Writes what somebody else might write, so that the next save conflicts. */
  async #changeBehind() {
    const { key } = this.#base;
    const now = await this.#kv.records.get(key);
    if (now === null) throw new Error(`${named(key)} is not there any more.`);
    this.#isHeld = true;
    const isObject = typeof now.value === "object" && now.value !== null && !Array.isArray(now.value);
    const name = OTHERS[this.#others++ % OTHERS.length];
    if (isObject) await this.#kv.records.patch(key, -1, { editedBy: name });
    else
      await this.#kv.records.put(key, -1, [now.value, name], { type: now.type ?? undefined, keepTtl: true });
  }
}

const textOf = (value) => JSON.stringify(value, null, 2);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error.message}`, { cause: error });
  }
}
