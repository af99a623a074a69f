// What the page stores between visits. If nothing can be stored (a private window), it continues without.

/** The value stored under a name, or the fallback. */
export function recall(name, fallback) {
  try {
    const text = localStorage.getItem(`omnikv.${name}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Stores a value. */
export function remember(name, value) {
  try {
    localStorage.setItem(`omnikv.${name}`, JSON.stringify(value));
  } catch {
    // Nothing can be stored here.
  }
}
