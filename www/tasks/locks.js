// A lock, and two owners who want it. It must not know what it protects.

import { named } from "../escapes.js";
import { byId, make } from "../page.js";
import { errorText } from "../reply.js";
import { timeLeft } from "../time.js";

const OWNERS = ["Ada", "Ben"];
const MOST_LINES = 20;

/** The panel of a lock. */
export class LockPanel {
  #kv;
  #own;
  #name = byId("lock-name");
  #ttl = byId("lock-ttl");

  constructor(kv, own) {
    this.#kv = kv;
    this.#own = own;
    this.#name.addEventListener("input", () => this.refresh());
    byId("lock-owners").replaceChildren(...OWNERS.map((owner) => this.#rowOf(owner)));
  }

  /** Shows who holds the lock. */
  async refresh() {
    if (this.#name.value === "") return;
    const lock = await this.#own.locks.status(this.#name.value);
    byId("lock-state").textContent = lock
      ? `${named(lock.owner)} holds it with token ${lock.token}, for ${timeLeft(lock.until)} more.`
      : "Nobody holds it.";
  }

  /** Forgets what has happened, on another store. */
  reset() {
    byId("lock-log").replaceChildren();
    byId("lock-state").textContent = "Nobody holds it.";
  }

  #rowOf(owner) {
    const button = (text, work) => {
      const element = make(
        "button",
        { type: "button", class: "quiet", "aria-label": `${text} as ${owner}` },
        text,
      );
      element.addEventListener("click", () => this.#try(owner, work));
      return element;
    };
    return make(
      "li",
      { class: "worker" },
      make("b", {}, owner),
      make("span", { class: "worker-says" }),
      button("Acquire", () => this.#acquire(owner)),
      button("Release", () => this.#release(owner)),
    );
  }

  async #acquire(owner) {
    const ttl = this.#ttl.value.trim();
    const before = await this.#own.locks.status(this.#name.value);
    const token = await this.#kv.locks.acquire(
      this.#name.value,
      owner,
      /^\d+(\.\d+)?$/.test(ttl) ? Number(ttl) : ttl,
    );
    if (token === null) return `refused: ${named(before?.owner ?? "another")} holds it`;
    return before?.token === token ? `extended, still token ${token}` : `acquired with token ${token}`;
  }

  async #release(owner) {
    const wasTheirs = await this.#kv.locks.release(this.#name.value, owner);
    return wasTheirs ? "released it" : "did not hold it";
  }

  async #try(owner, work) {
    let text;
    try {
      text = await work();
    } catch (error) {
      text = error.code === undefined ? error.message : errorText(error);
    }
    const log = byId("lock-log");
    log.prepend(make("p", {}, make("b", {}, owner), ` ${text}`));
    while (log.childElementCount > MOST_LINES) log.lastElementChild.remove();
    await this.refresh().catch(() => undefined);
  }
}
