// Shows that somebody else has changed a record meanwhile: theirs and yours, and what can be done. It must not know the store.

import { bringIntoView, byId, make } from "../page.js";
import { compared } from "./diff.js";

/** The view of a conflict; each method of `does` is one way out. */
export class Conflict {
  #panel = byId("conflict");

  constructor(does) {
    for (const way of ["take", "again", "overwrite"]) {
      byId(`conflict-${way}`).addEventListener("click", () => does[way]());
    }
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** Shows a conflict: what was read and is there now (records or `undefined`), and both values as text. */
  show({ base, theirs, theirText, yourText }) {
    const now = theirs ? `version ${theirs.version}` : "deleted";
    byId("conflict-title").textContent = base
      ? `Conflict: you edited version ${base.version}, and it is ${now} now`
      : `Conflict: a record has this key already, ${now}`;
    byId("conflict-theirs-title").textContent = theirs ? `Theirs: version ${theirs.version}` : "Theirs";
    const [left, right] = compared(theirText, yourText);
    byId("conflict-theirs").replaceChildren(...(theirs ? left.map(line) : ["deleted"]));
    byId("conflict-yours").replaceChildren(...right.map(line));
    byId("conflict-overwrite").textContent = theirs
      ? `Overwrite version ${theirs.version}`
      : "Create it again";
    this.#panel.hidden = false;
    this.#panel.focus();
    bringIntoView(this.#panel);
  }

  close() {
    this.#panel.hidden = true;
  }
}

const line = ({ text, isOwn }) => (isOwn ? make("mark", {}, `${text}\n`) : make("span", {}, `${text}\n`));
