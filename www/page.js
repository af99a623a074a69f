// Small helpers for every part of the page: elements, announcements, waiting. Text is only ever inserted as text.

/** The element with this ID, which exists. */
export const byId = (id) => document.getElementById(id);

/** Creates an element with attributes and children (elements, or text as text). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Announces a text to screen readers. */
export function announce(text) {
  byId("status").textContent = text;
}

/** Yields to the browser. */
export const breathe = () => new Promise((resolve) => setTimeout(resolve));

/** Whether the user prefers reduced motion. */
export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Scrolls an element into view if the page is longer than the screen. */
export function bringIntoView(element) {
  element.scrollIntoView({ block: "nearest", behavior: prefersStill() ? "auto" : "smooth" });
}
