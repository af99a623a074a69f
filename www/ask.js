// The page's dialog: some fields to fill in, or something to confirm. It must not know what is asked.

import { byId, make } from "./page.js";
import { errorText } from "./reply.js";

/** Questions wait for each other. */
let last = Promise.resolve();

/**
 * Asks a question, and resolves to whether it was answered. `fields` are `{ label, value, rows }`. The `submit` button calls
 * `does(values)`, the one labelled `also.label` calls `also.does(values)`. If that throws, the dialog stays and shows the error.
 * `isBad` marks what cannot be undone.
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
    // Chromium restores the focus but not the caret: without this, the field ignores typing.
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
    // In a field with several lines, Enter adds a line.
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
