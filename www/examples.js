// The examples: their code, and a button that runs exactly that code and shows its operations. What they do does not
// matter here.

import * as cache from "./examples/cache.js";
import * as otp from "./examples/otp.js";
import * as queue from "./examples/queue.js";
import * as rateLimit from "./examples/rate-limit.js";
import * as session from "./examples/session.js";
import * as views from "./examples/views.js";
import { highlighted } from "./highlight.js";
import { observe } from "./observe.js";
import { bringIntoView, byId, make } from "./page.js";
import { errorText } from "./reply.js";

const EXAMPLES = { session, views, queue, "rate-limit": rateLimit, otp, cache };
const LONGEST = 160;

/** Runs wait for each other, so that their output is not interleaved. */
let last = Promise.resolve();

/** Fills the panel of examples; their output goes to the log. */
export function showExamples(kv, log) {
  const list = byId("examples");
  for (const [id, example] of Object.entries(EXAMPLES)) list.append(item(kv, log, id, example));
  list.addEventListener("keydown", walk);
  show(list.firstElementChild, session);
}

function item(kv, log, id, example) {
  const { title, about } = example;
  const head = make(
    "button",
    { type: "button", class: "example-head", "aria-controls": "example-code" },
    make("span", { class: "example-title" }, title),
    make("span", { class: "example-about" }, about),
  );
  const start = make("button", { type: "button", class: "run", "aria-label": `Run ${title}` }, "Run");
  const element = make("li", { class: "example", "data-example": id }, head, start);
  head.addEventListener("click", () => show(element, example));
  start.addEventListener("click", () => {
    show(element, example);
    bringIntoView(byId("console"));
    if (start.getAttribute("aria-disabled") === "true") return;
    start.setAttribute("aria-disabled", "true");
    last = last.then(() => play(kv, log, example)).then(() => start.removeAttribute("aria-disabled"));
  });
  return element;
}

/** Shows an example's code. */
function show(element, { title, run }) {
  for (const other of element.parentElement.children) {
    other.querySelector(".example-head").setAttribute("aria-current", String(other === element));
  }
  const code = byId("example-code");
  code.setAttribute("aria-label", `Code of ${title}`);
  code.replaceChildren(make("code", {}, ...highlighted(bodyOf(run))));
  code.scrollTop = 0;
}

/** Arrow keys move between examples. */
function walk(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = event.target.closest(".example-head, .run");
  if (!by || !from) return;
  event.preventDefault();
  const next = by > 0 ? from.parentElement.nextElementSibling : from.parentElement.previousElementSibling;
  next?.querySelector(from.matches(".run") ? ".run" : ".example-head").focus();
}

/** Runs an example; each operation is shown with its answer, between the example's own output. */
async function play(kv, log, { title, run }) {
  log.add("title", title);
  const seen = observe(kv, (name, args, answer) => {
    answer.then(
      (value) => log.add("call", `kv.${name}(${args.map(shown).join(", ")}) → ${shown(value)}`),
      // The example handles the error itself.
      () => undefined,
    );
  });
  const say = (...parts) => {
    log.add("say", parts.map((part) => (typeof part === "string" ? part : shown(part))).join(" "));
  };
  const since = performance.now();
  try {
    await run(seen, say);
    log.add("note", `${title}: done in ${(performance.now() - since).toFixed(0)} ms`);
  } catch (error) {
    log.add("error", errorText(error));
  }
}

/** A value as it would appear in code; JSON in single quotes if it needs no escapes. */
function shown(value) {
  const isJson = typeof value === "string" && value.includes('"') && !/['\\\n]/.test(value);
  const text = isJson ? `'${value}'` : (JSON.stringify(value) ?? "undefined");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The code between a function's braces, dedented. */
function bodyOf(run) {
  const source = run.toString();
  const body = source.slice(source.indexOf("{\n") + 2, source.lastIndexOf("}"));
  return body.replace(/^ {2}/gm, "").trimEnd();
}
