// The page's views and their tabs. What a view shows does not matter here.

import { holdsProgram } from "./link.js";
import { byId } from "./page.js";

/** The tabs; calls `changed(name)` when another view is shown. */
export class Views {
  #tabs = [...byId("tabs").querySelectorAll("[role=tab]")];
  #changed;
  /** The name of the view that is shown. */
  name = "keys";

  constructor(changed) {
    this.#changed = changed;
    byId("tabs").addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.#choose(tab);
    });
    byId("tabs").addEventListener("keydown", (event) => this.#key(event));
    // The console is in the first view.
    document.querySelector(".skip").addEventListener("click", () => this.show("keys"));
    globalThis.addEventListener("hashchange", () => this.#follow());
    this.#follow();
  }

  /** Shows a view. */
  show(name) {
    if (name === this.name) return;
    this.name = name;
    for (const tab of this.#tabs) {
      const isShown = tab.dataset.view === name;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !isShown;
    }
    this.#changed(name);
  }

  /** Shows the view that the page's address names. */
  #follow() {
    if (holdsProgram(location.hash)) return this.show("keys");
    const view = document.getElementById(location.hash.slice(1))?.closest(".view");
    if (view) this.show(view.id.replace("view-", ""));
  }

  #choose(tab) {
    const { view } = tab.dataset;
    const rest = location.pathname + location.search;
    history.replaceState(null, "", view === "keys" ? rest : `${rest}#view-${view}`);
    this.show(view);
  }

  #key(event) {
    const at = this.#tabs.indexOf(event.target);
    const many = this.#tabs.length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + many, Home: 0, End: many - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = this.#tabs[to % many];
    this.#choose(tab);
    tab.focus();
  }
}
