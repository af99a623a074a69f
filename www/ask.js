// The page's dialog for a question: fields to fill in, or a confirmation. What is asked does not matter here.

import { byId, make } from "./page.js";
import { errorText } from "./reply.js";

/** Questions wait for each other. */
let last = Promise.resolve();

/**
 * Asks, and returns whether the question was answered. `fields` are `{ label, value, rows }`. The button `submit` runs
 * `does(values)`, and the button `also.label` runs `also.does(values)`. If that throws, the dialog stays open and shows
 * the error. `isBad` marks an action that cannot be undone.
 *
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  last = last.then(() => asked(question));
  return last;
}

function asked({ title, text = "", fields = [], submit, also, isBad = false, does = () => undefined }) {
  const dialog = byId("ask");
  const form = byId("ask-form");
  const [submitButton, alsoButton] = [byId("ask-submit"), byId("ask-also")];
  const areas = fields.map(areaOf);
  byId("ask-title").textContent = title;
  byId("ask-text").textContent = text;
  byId("ask-error").textContent = "";
  byId("ask-fields").replaceChildren(...fields.map(({ label }, nth) => make("label", {}, label, areas[nth])));
  submitButton.textContent = submit;
  submitButton.className = isBad ? "solid bad" : "solid";
  alsoButton.hidden = also === undefined;
  alsoButton.textContent = also?.label ?? "";
  const { promise, resolve } = Promise.withResolvers();
  let isBusy = false;
  let isOpen = true;

  const attempt = async (work) => {
    if (isBusy) return;
    isBusy = true;
    try {
      await work(areas.map(({ value }) => value));
      close(true);
    } catch (error) {
      byId("ask-error").textContent = error.code === undefined ? error.message : errorText(error);
    }
    isBusy = false;
  };
  const close = (isAnswered) => {
    if (!isOpen) return;
    isOpen = false;
    dialog.close();
    // The focus is back, but in Chromium a field accepts no text until it is focused again.
    opener?.blur();
    opener?.focus();
    resolve(isAnswered);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(does);
  };
  alsoButton.onclick = () => attempt(also.does);
  byId("ask-cancel").onclick = () => close(false);
  dialog.oncancel = (event) => {
    event.preventDefault();
    close(false);
  };
  form.onkeydown = (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "TEXTAREA") return;
    // In a multi-line field, Enter inserts a line break.
    if (event.target.rows > 1 ? !(event.ctrlKey || event.metaKey) : event.shiftKey) return;
    event.preventDefault();
    attempt(does);
  };
  const opener = document.activeElement;
  dialog.showModal();
  const [first = byId("ask-cancel")] = areas;
  first.focus();
  first.select?.();
  return promise;
}

const areaOf = ({ value = "", rows = 1 }) => {
  const area = make("textarea", { rows, spellcheck: "false", autocapitalize: "off" });
  area.value = value;
  return area;
};
