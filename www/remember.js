// What the page remembers between visits. Where nothing can be kept (a private window), it forgets and goes on.

/** What was kept under a name, or the fallback. */
export function recall(name, fallback) {
  try {
    const text = localStorage.getItem(`omnikv.${name}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Keeps a value. */
export function remember(name, value) {
  try {
    localStorage.setItem(`omnikv.${name}`, JSON.stringify(value));
  } catch {
    // Nothing can be kept here.
  }
}
