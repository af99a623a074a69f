// Small things every part of the page needs: elements, announcements, waiting. Text goes in as text, there is no other way.

/** The element of an id, which is in the page. */
export const byId = (id) => document.getElementById(id);

/** Makes an element: its attributes, and what is in it (elements, or text as text). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Says something to those who hear the page. */
export function announce(text) {
  byId("status").textContent = text;
}

/** Lets the browser do other work. */
export const breathe = () => new Promise((resolve) => setTimeout(resolve));

/** Whether movement is unwelcome. */
export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Brings an element into view where the page is longer than the screen. */
export function bringIntoView(element) {
  element.scrollIntoView({ block: "nearest", behavior: prefersStill() ? "auto" : "smooth" });
}
