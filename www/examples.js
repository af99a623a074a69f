// The worked examples: their code, and a button that runs just that code and lets what it asks be seen. It must not know
// what they do.

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

/** Fills the panel of examples, whose output goes to the log. */
export function showExamples(kv, log) {
  const list = byId("examples");
  for (const [id, example] of Object.entries(EXAMPLES)) list.append(item(kv, log, id, example));
  list.addEventListener("keydown", walk);
  open(list.firstElementChild);
}

function item(kv, log, id, { title, about, run }) {
  const head = make(
    "button",
    { type: "button", class: "example-head", "aria-expanded": "false", "aria-controls": `code-${id}` },
    make("span", { class: "example-title" }, title),
    make("span", { class: "example-about" }, about),
  );
  const start = make(
    "button",
    { type: "button", class: "run", "aria-label": `Run ${title}` },
    make("span", {}, "Run"),
  );
  const code = make("code", {}, ...highlighted(bodyOf(run)));
  const body = make("div", {
    id: `code-${id}`,
    class: "example-code",
    role: "group",
    "aria-label": `Code of ${title}`,
  });
  body.append(make("pre", { tabindex: "0" }, code));
  body.hidden = true;
  const element = make("li", { class: "example", "data-example": id }, head, start, body);
  head.addEventListener("click", () => (body.hidden ? open(element) : close(element)));
  start.addEventListener("click", () => {
    open(element);
    play(kv, log, title, run, start);
  });
  return element;
}

/** Opens one, closes the others. */
function open(element) {
  for (const other of element.parentElement.children) if (other !== element) close(other);
  element.querySelector(".example-head").setAttribute("aria-expanded", "true");
  element.querySelector(".example-code").hidden = false;
}

function close(element) {
  element.querySelector(".example-head").setAttribute("aria-expanded", "false");
  element.querySelector(".example-code").hidden = true;
}

/** Arrow keys go from example to example. */
function walk(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = event.target.closest?.(".example-head, .run");
  if (!by || !from) return;
  event.preventDefault();
  const next = by > 0 ? from.parentElement.nextElementSibling : from.parentElement.previousElementSibling;
  next?.querySelector(from.classList.contains("run") ? ".run" : ".example-head").focus();
}

async function play(kv, log, title, run, button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  bringIntoView(byId("console"));
  log.add("title", title);
  const seen = observe(kv, (name, args, answer) => {
    answer?.then(
      (value) => log.add("call", `kv.${name}(${args.map(shown).join(", ")})  →  ${shown(value)}`),
      () => undefined,
    );
  });
  const say = (...parts) =>
    log.add("say", parts.map((part) => (typeof part === "string" ? part : shown(part))).join(" "));
  const since = performance.now();
  try {
    await run(seen, say);
    log.add("note", `${title}: done in ${(performance.now() - since).toFixed(0)} ms`);
  } catch (error) {
    log.add("error", errorText(error));
  }
  button.removeAttribute("aria-disabled");
}

function shown(value) {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The code between a function's braces, moved to the left: what runs, and nothing else. */
function bodyOf(run) {
  const source = run.toString();
  const body = source.slice(source.indexOf("{\n") + 2, source.lastIndexOf("}"));
  return body.replace(/^ {2}/gm, "").trimEnd();
}
