// The page's dialog for one question: some fields to fill in, or something to confirm. It must not know what is asked.

import { byId, make } from "./page.js";
import { errorText } from "./reply.js";

/** Questions wait for each other. */
let last = Promise.resolve();

/**
 * Asks, and gives whether it was answered. `fields` are `{ label, value, rows }`; `does(values)` is run by the button that
 * `submit` names, and `also.does(values)` by the one that `also.label` names. The dialog stays, and says what is wrong, when
 * that throws. What is `isBad` cannot be undone.
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
    // The focus has come back, but in Chromium a field takes no text until it is given once more.
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
    // Where there is room for lines Enter makes one.
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
