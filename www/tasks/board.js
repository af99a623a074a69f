// The board: a column for each state of a task. It must not know what the tasks do.

import { byId, make } from "../page.js";
import { fillCard, makeCard } from "./card.js";

const STATES = ["pending", "running", "completed", "failed", "cancelled"];
/** The most cards in a column. */
const MOST = 30;

/** The columns and their cards. */
export class Board {
  #lanes = new Map(STATES.map((state) => [state, makeLane(state)]));
  #cards = new Map();
  #tasks = [];
  #does;

  /** `does.cancel(id)` and `does.requeue(id)` are called by the cards' buttons. */
  constructor(does) {
    this.#does = does;
    byId("board").replaceChildren(...[...this.#lanes.values()].map(({ lane }) => lane));
  }

  /** Shows these tasks, in the order of their creation. */
  show(tasks) {
    this.#tasks = tasks;
    const kept = new Set();
    for (const [state, { list, count, more }] of this.#lanes) {
      const all = tasks.filter(({ status }) => status === state);
      // The newest first, except where the oldest is next.
      const shown = state === "pending" ? all.slice(0, MOST) : all.slice(-MOST).reverse();
      count.textContent = all.length || "";
      more.textContent = all.length > MOST ? `and ${all.length - MOST} more` : "";
      more.hidden = all.length <= MOST;
      for (const { id } of shown) kept.add(id);
      this.#place(list, shown);
    }
    for (const [id, card] of this.#cards) {
      if (kept.has(id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
  }

  /** Updates the countdowns. */
  tick() {
    for (const task of this.#tasks) {
      const card = this.#cards.get(task.id);
      if (card) fillCard(card, task);
    }
  }

  /** Puts the cards of these tasks into a column, and moves none that is where it belongs. */
  #place(list, tasks) {
    for (const [nth, task] of tasks.entries()) {
      let card = this.#cards.get(task.id);
      if (card === undefined) {
        card = makeCard(task.id, this.#does);
        this.#cards.set(task.id, card);
      }
      fillCard(card, task);
      if (list.children[nth] === card) continue;
      // A card that moves would lose the focus.
      const hadFocus = card.contains(document.activeElement);
      list.insertBefore(card, list.children[nth] ?? null);
      if (hadFocus) card.focus();
    }
  }
}

function makeLane(state) {
  const count = make("span", { class: "count" });
  const list = make("ul", { class: "cards", "aria-label": `${state} tasks` });
  const more = make("p", { class: "more", hidden: "" });
  const head = make("h3", { id: `lane-${state}` }, state);
  const lane = make(
    "section",
    { class: `lane ${state}`, "aria-labelledby": `lane-${state}` },
    make("header", { class: "lane-head" }, head, count),
    list,
    more,
  );
  return { lane, list, count, more };
}
