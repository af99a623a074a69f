// The console: a prompt with completion, hints and history, and the replies. It accepts Redis commands, and JavaScript
// that begins with `await` or `kv.`. No knowledge of commands.

import { complete, hint } from "./complete.js";
import { History } from "./history.js";
import { byId, make } from "./page.js";
import { Popup } from "./popup.js";
import { errorText, format } from "./reply.js";
import { showEnd } from "./run.js";

/** Lines that begin like this are JavaScript: no command has these words. */
const JAVASCRIPT = /^\s*(await\b|kv\.)/;
const HELP = 'HELP lists commands, await kv.get("k") runs, Tab completes, ↑ recalls';

/** The prompt and its output. */
export class Console {
  #input = byId("line");
  #hint = byId("hint");
  #history = new History();
  #log;
  #session;
  #runs;
  #keysFrom;
  #popup;
  /** The running JavaScript. */
  #running;
  /** Lines run one after the other, even if they are pasted while others run. */
  #last = Promise.resolve();
  /** The number of the latest search for suggestions. */
  #looks = 0;

  /** `runs(source, log)` runs JavaScript; `keysFrom(start)` returns a few keys that begin with `start`. */
  constructor(log, session, runs, keysFrom) {
    this.#log = log;
    this.#session = session;
    this.#runs = runs;
    this.#keysFrom = keysFrom;
    this.#popup = new Popup(this.#input, byId("suggestions"), (start, text) => this.#insert(start, text));
    this.#input.addEventListener("input", () => this.#look());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("paste", (event) => this.#paste(event));
    this.#input.addEventListener("blur", () => this.#popup.hide());
    for (const name of ["click", "keyup"]) this.#input.addEventListener(name, () => this.#showHint());
    byId("prompt").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter();
    });
    byId("stop").addEventListener("click", () => this.stop());
    byId("clear").addEventListener("click", () => {
      this.#log.clear();
      this.#input.focus();
    });
    byId("help").addEventListener("click", () => this.run("HELP"));
    for (const button of document.querySelectorAll("[data-line]")) {
      button.addEventListener("click", () => this.run(button.dataset.line));
    }
  }

  /** Runs a line as if it had been typed; resolves when it is answered. */
  run(line) {
    if (line.trim() === "") return this.#last;
    this.#history.add(line);
    this.#last = this.#last.then(() => this.#answer(line));
    return this.#last;
  }

  /** Stops the running JavaScript. */
  stop() {
    this.#running?.stop();
  }

  /** Discards a queued transaction, because the store has changed. */
  async discard() {
    if (this.#session.inTransaction) await this.run("DISCARD");
  }

  async #answer(line) {
    if (/^\s*clear\s*$/i.test(line)) return this.#log.clear();
    this.#log.add("command", line);
    if (JAVASCRIPT.test(line)) return this.#javascript(line);
    try {
      const reply = await this.#session.run(line);
      if (!/^\s*help\b/i.test(line)) this.#log.add("reply", format(reply));
      else for (const each of format(reply).split("\n")) this.#log.add("help", each);
      if (this.#session.remark) this.#log.add("note", this.#session.remark);
    } catch (error) {
      this.#log.add("error", errorText(error));
    }
    byId("prompt").classList.toggle("queues", this.#session.inTransaction);
  }

  async #javascript(line) {
    this.#running = this.#runs(line, this.#log);
    byId("prompt").classList.add("runs");
    showEnd(this.#log, await this.#running.done);
    this.#running = undefined;
    byId("prompt").classList.remove("runs");
  }

  #enter() {
    const line = this.#input.value;
    this.#set("");
    this.run(line);
  }

  #set(line) {
    this.#looks += 1;
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.#popup.hide();
    this.#showHint();
  }

  #insert(start, text) {
    const { value, selectionStart } = this.#input;
    const after = value.slice(selectionStart);
    this.#input.setRangeText(`${text}${after.startsWith(" ") ? "" : " "}`, start, selectionStart, "end");
    this.#showHint();
  }

  async #look() {
    this.#showHint();
    const look = ++this.#looks;
    const { value, selectionStart } = this.#input;
    const found = await complete(value, selectionStart, this.#keysFrom);
    if (look === this.#looks) this.#popup.show(found);
  }

  #key(event) {
    const arrow = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.ctrlKey) {
      if (event.key === "l") this.#log.clear();
      else if (event.key === "c" && this.#running && !hasSelection(this.#input)) this.stop();
      else return;
    } else if (arrow && this.#popup.isOpen) this.#popup.move(arrow);
    else if (arrow) this.#recall(arrow);
    else if (event.key === "Tab" && !event.shiftKey && this.#popup.isOpen) this.#popup.accept();
    else if (event.key === "Enter" && this.#popup.hasActive) this.#popup.accept();
    else if (event.key === "Escape" && this.#popup.isOpen) this.#popup.hide();
    else return;
    event.preventDefault();
  }

  #recall(by) {
    const line = by < 0 ? this.#history.up(this.#input.value) : this.#history.down();
    if (line !== undefined) this.#set(line);
  }

  /** Pasted lines run one by one; text after the last line break stays in the prompt. */
  #paste(event) {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.#input;
    const whole = value.slice(0, selectionStart) + text + value.slice(selectionEnd);
    const lines = whole.split(/\r\n|\r|\n/);
    this.#set(lines.pop());
    for (const line of lines) this.run(line);
  }

  #showHint() {
    const { value, selectionStart } = this.#input;
    const found = hint(value, selectionStart);
    const shown = found
      ? [
          make("b", {}, found.word),
          ...found.parts.flatMap((part, index) => [
            " ",
            make(index === found.at ? "mark" : "span", {}, part),
          ]),
          make("span", { class: "says" }, found.says),
        ]
      : [make("span", { class: "says" }, HELP)];
    this.#hint.replaceChildren(...shown);
  }
}

const hasSelection = ({ selectionStart, selectionEnd }) => selectionStart !== selectionEnd;
