// The panel with the program: choose an example, edit it, run it, share it as a link. It must never run a program without a
// click.

import { Editor } from "./editor.js";
import { exampleText } from "./examples.js";
import { holdsProgram, linkTo, programIn } from "./link.js";
import { announce, bringIntoView, byId, make } from "./page.js";
import { runProgram, showEnd } from "./run.js";

const LINKED = "link";
const LINKED_TITLE = "From the link";
const LINKED_NOTE = "This program came with the link. Read it before you run it.";
const COPIED_MS = 2_000;

/** The panel. */
export class Program {
  #kv;
  #log;
  #mayEmpty;
  #list = byId("examples");
  #note = byId("program-note");
  #runs = byId("program-run");
  #editor = new Editor(byId("program-source"), byId("program-colours"), {
    changed: () => this.#changed(),
    run: () => this.#run(),
  });
  /** The programs by name: title, original text, and the edited draft. */
  #programs = new Map(
    Array.from(this.#list.querySelectorAll("button"), (each) => [
      each.dataset.name,
      { title: each.textContent.trim() },
    ]),
  );
  #shown;
  /** The current run. */
  #running;

  /** Programs use `kv` and print to `log`; `mayEmpty()` throws if a store must not be emptied. */
  constructor(kv, log, mayEmpty) {
    this.#kv = kv;
    this.#log = log;
    this.#mayEmpty = mayEmpty;
    this.#list.addEventListener("click", (event) => {
      const { name } = event.target.closest("button")?.dataset ?? {};
      if (name === undefined) return;
      if (holdsProgram(location.hash)) history.replaceState(null, "", location.pathname + location.search);
      this.#show(name);
    });
    this.#runs.addEventListener("click", () => (this.#running ? this.stop() : this.#run()));
    byId("program-link").addEventListener("click", () => this.#copyLink());
    byId("program-reset").addEventListener("click", () => this.#reset());
    globalThis.addEventListener("hashchange", () => this.#openLink());
    if (!this.#openLink()) this.#showFirst();
  }

  /** Stops the current run. */
  stop() {
    this.#running?.stop();
  }

  /** Shows the program in the page's address, if there is one. */
  #openLink() {
    if (!holdsProgram(location.hash)) return false;
    try {
      const text = programIn(location.hash);
      if (!this.#programs.has(LINKED)) this.#addChip(LINKED, LINKED_TITLE);
      this.#programs.set(LINKED, { title: LINKED_TITLE, text });
      this.#show(LINKED);
      bringIntoView(byId("program-panel"));
    } catch {
      this.#showFirst("The link holds no program that can be read.");
    }
    return true;
  }

  #showFirst(note) {
    const [name] = this.#programs.keys();
    this.#show(name, note);
  }

  async #show(name, note = name === LINKED ? LINKED_NOTE : "") {
    this.#shown = name;
    this.#mark();
    this.#say(note);
    const program = this.#programs.get(name);
    // Until it is there, the program shown before must not run in its place.
    if (program.text === undefined) this.#editor.text = "";
    try {
      program.text ??= await exampleText(name);
    } catch (error) {
      this.#say(error.message);
      return;
    }
    if (this.#shown !== name) return;
    this.#editor.text = program.draft ?? program.text;
    this.#changed();
  }

  #changed() {
    const program = this.#programs.get(this.#shown);
    const { text } = this.#editor;
    program.draft = text === program.text ? undefined : text;
    byId("program-reset").hidden = program.draft === undefined;
  }

  #reset() {
    this.#editor.text = this.#programs.get(this.#shown).text;
    this.#changed();
    byId("program-source").focus();
  }

  async #run() {
    const source = this.#editor.text;
    if (this.#running || source.trim() === "") return;
    const { title } = this.#programs.get(this.#shown);
    const block = this.#log.block();
    block.add("title", title);
    bringIntoView(byId("console"));
    const since = performance.now();
    this.#running = runProgram(this.#kv, source, {
      print: (...entry) => block.add(...entry),
      mayEmpty: this.#mayEmpty,
    });
    this.#showRunning();
    const outcome = await this.#running.done;
    this.#running = undefined;
    this.#showRunning();
    if (outcome.kind !== "undefined") showEnd(block, outcome);
    const took = `${(performance.now() - since).toFixed(0)} ms`;
    if (!outcome.isStopped && !outcome.error) block.add("note", `${title}: done in ${took}`);
  }

  #showRunning() {
    const isRunning = this.#running !== undefined;
    this.#runs.textContent = isRunning ? "Stop" : "Run";
    this.#runs.setAttribute("aria-label", isRunning ? "Stop the program" : "Run the program");
    this.#runs.classList.toggle("stops", isRunning);
  }

  /** Puts the link into the address bar, and copies it where the browser allows that. */
  async #copyLink() {
    const link = linkTo(this.#editor.text);
    history.replaceState(null, "", link);
    const copied = await navigator.clipboard?.writeText(link).then(
      () => true,
      () => false,
    );
    const button = byId("program-link");
    button.textContent = copied ? "Copied" : "In the address";
    announce(copied ? "The link to this program is copied" : "The link is now in the address bar");
    setTimeout(() => {
      button.textContent = "Copy link";
    }, COPIED_MS);
  }

  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = text === "";
  }

  #addChip(name, title) {
    const button = make("button", { type: "button", class: "chip", "data-name": name }, title);
    this.#list.append(make("li", {}, button));
  }

  #mark() {
    for (const button of this.#list.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.name === this.#shown));
    }
  }
}
