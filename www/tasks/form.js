// The form for a new task. It must not know what becomes of the task.

import { announce, byId, make } from "../page.js";
import { errorText } from "../reply.js";
import { HANDLERS } from "./handlers.js";

/** Sets up the form; `create(task)` creates one. */
export function taskForm(create) {
  const form = byId("task-form");
  const { name } = form.elements;
  byId("task-names").replaceChildren(...Object.keys(HANDLERS).map((value) => make("option", { value })));
  const describe = () => {
    const says = HANDLERS[name.value]?.says;
    byId("task-hint").textContent = says
      ? `${name.value} ${says}.`
      : "No worker of this page has this name; one of a program may.";
  };
  name.addEventListener("input", describe);
  describe();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("task-error").textContent = "";
    try {
      const task = await create(taskOf(form.elements));
      announce(`${task.name} is ${task.status}`);
    } catch (error) {
      byId("task-error").textContent = error.code === undefined ? error.message : errorText(error);
    }
  });
}

/** The task that the fields describe. */
function taskOf(fields) {
  const text = (name) => fields.namedItem(name).value.trim();
  const given = (name, value = text(name)) => (text(name) === "" ? {} : { [name]: value });
  return {
    name: text("name"),
    ...given("payload", payloadOf(text("payload"))),
    ...(text("delay") === "" ? {} : { scheduledFor: inUnits(text("delay")) }),
    ...(text("retries") === "" ? {} : { maxRetries: Number(text("retries")) }),
    ...given("timeout", inUnits(text("timeout"))),
    ...given("priority", Number(text("priority"))),
    ...given("unique"),
  };
}

/** A duration; a number alone is in seconds. */
const inUnits = (text) => (/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);

function payloadOf(text) {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The payload is no JSON: ${error.message}`, { cause: error });
  }
}
