// The confirmation before a whole store is emptied, if others may have keys in it.

import { ask } from "./ask.js";

/** A function that asks if the store is on a server, and throws if the answer is no. */
export const askBeforeEmptying = (place) => async () => {
  if (!place.isAway) return;
  const isMeant = await ask({
    title: `Delete all keys of ${place.shown}?`,
    text: "This empties the whole database on the server, including keys that others have written. It cannot be undone.",
    submit: "Delete all keys",
    isBad: true,
  });
  if (!isMeant) throw new Error("cancelled: nothing was deleted");
};
