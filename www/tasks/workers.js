// Workers that run in this page: started, stopped, and crashed to see what becomes of their tasks.

import { named } from "../escapes.js";
import { announce, byId, make } from "../page.js";
import { HANDLERS } from "./handlers.js";

const LOCK = "6s";
/** Rows of workers that have ended. */
const MOST_ENDED = 3;

/** The panel of workers. */
export class Workers {
  #handle;
  #pace;
  #changed;
  #list = byId("workers");
  #running = new Set();
  #last = 0;

  /** `handle()` opens a handle on the store, `pace()` says how often it may be asked; `changed()` is called when a task has begun or ended. */
  constructor(handle, pace, changed) {
    this.#handle = handle;
    this.#pace = pace;
    this.#changed = changed;
    byId("worker-start").addEventListener("click", () => this.#start());
    this.#showNone();
  }

  /** Stops all workers, because the store has changed. */
  reset() {
    for (const worker of this.#running) worker.crash();
    this.#list.replaceChildren();
    this.#showNone();
  }

  #start() {
    const name = `worker ${++this.#last}`;
    const kv = this.#handle();
    let isStopping = false;
    const says = make("span", { class: "worker-says" }, "waits for a task");
    const [stop, crash] = ["Stop", "Crash"].map((text) =>
      make("button", { type: "button", class: "quiet", "aria-label": `${text} ${name}` }, text),
    );
    const row = make("li", { class: "worker" }, make("b", {}, name), says, stop, crash);
    const say = (text) => {
      says.textContent = text;
      this.#changed();
    };
    const ended = (text) => {
      this.#running.delete(entry);
      row.classList.add("ended");
      const hadFocus = row.contains(document.activeElement);
      stop.remove();
      crash.remove();
      if (hadFocus) byId("worker-start").focus();
      announce(`${name} ${text}`);
      say(text);
      const all = this.#list.querySelectorAll(".ended");
      for (const old of [...all].slice(0, -MOST_ENDED)) old.remove();
    };
    const crashed = () => {
      if (!this.#running.has(entry)) return;
      // A process that dies says nothing to the store: so does a closed handle.
      kv.close();
      worker.stop();
      ended("has crashed");
    };
    const handlerOf = ({ run }) => {
      return (task, { signal }) => {
        say(`runs ${named(task.name)}`);
        return run(signal, crashed);
      };
    };
    const worker = kv.tasks.worker({
      id: name,
      lockDuration: LOCK,
      pollInterval: `${this.#pace().pollMs}ms`,
      handlers: Object.fromEntries(
        Object.entries(HANDLERS).map(([task, handler]) => [task, handlerOf(handler)]),
      ),
      report: ({ task, status }) => {
        announce(`${task.name}: ${status ?? "lost"}`);
        if (this.#running.has(entry)) say(isStopping ? "stops" : "waits for a task");
      },
    });
    const entry = { crash: crashed };
    this.#running.add(entry);
    stop.addEventListener("click", async () => {
      isStopping = true;
      stop.setAttribute("aria-disabled", "true");
      say("stops when its task has ended");
      await worker.stop();
      if (!this.#running.has(entry)) return;
      await kv.close();
      ended("has stopped");
    });
    crash.addEventListener("click", crashed);
    this.#list.querySelector(".none")?.remove();
    this.#list.prepend(row);
  }

  #showNone() {
    this.#list.append(make("li", { class: "none" }, "None runs yet: tasks wait."));
  }
}
