// One task on the board. Which column it is in, and what its buttons do, does not matter here.

import { named } from "../escapes.js";
import { inspectShort } from "../inspect.js";
import { make } from "../page.js";
import { timeLeft } from "../time.js";

const LONGEST = 120;

/** Creates a card; `does.cancel(id)` and `does.requeue(id)` are its buttons. */
export function makeCard(id, does) {
  const button = (text, work) => {
    const element = make("button", { type: "button", class: "quiet" }, text);
    element.addEventListener("click", () => work(id));
    return element;
  };
  const card = make(
    "li",
    { class: "card", tabindex: "-1", "data-task": id },
    make("p", { class: "card-name" }, make("b"), make("span", { class: "card-tries" })),
    make("p", { class: "card-payload" }),
    make("p", { class: "card-note" }),
    make("p", { class: "card-error" }),
    make("p", { class: "card-id" }, `id ${named(id)}`),
    button("Cancel", does.cancel),
    button("Requeue", does.requeue),
  );
  return card;
}

/** Shows a task on its card. */
export function fillCard(card, task) {
  const [head, payload, note, error, , cancel, requeue] = card.children;
  put(head.firstChild, named(task.name));
  put(head.lastChild, `${task.tries} of ${task.maxRetries + 1} tries`);
  put(payload, task.payload === null ? "" : inspectShort(task.payload, LONGEST));
  put(note, noteOn(task));
  put(error, task.error ?? "");
  const isOpen = task.status === "pending" || task.status === "running";
  cancel.hidden = !isOpen;
  requeue.hidden = isOpen || task.status === "completed";
  cancel.setAttribute("aria-label", `Cancel ${named(task.name)}`);
  requeue.setAttribute("aria-label", `Requeue ${named(task.name)}`);
}

/** What the task waits for, or who has it. */
function noteOn({ status, scheduledFor, tries, worker, lockedUntil, priority, unique }) {
  const more = [
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(unique === null ? [] : [`unique ${named(unique)}`]),
  ];
  if (status === "pending") {
    const wait = scheduledFor > Date.now() ? timeLeft(scheduledFor) : "";
    if (wait !== "") more.unshift(tries > 0 ? `retry in ${wait}` : `due in ${wait}`);
    else more.unshift("due");
  } else if (status === "running") {
    const hold = lockedUntil > Date.now() ? `lock ${timeLeft(lockedUntil)}` : "lock has ended";
    more.unshift(`${named(worker ?? "")}, ${hold}`);
  } else if (worker !== null) more.unshift(named(worker));
  return more.join(" · ");
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
