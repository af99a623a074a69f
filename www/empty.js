// The question before a store outside this tab is emptied: others may have keys there.

import { ask } from "./ask.js";

/** Returns a function that asks if the store outlives this tab, and throws if the answer is no. */
export const askBeforeEmptying = (place) => async () => {
  if (!place.isAway && !place.isKept) return;
  const where = place.isAway ? "on the server" : "of this browser";
  const isMeant = await ask({
    title: `Delete all keys of ${place.shown}?`,
    text: `This empties the whole database ${where}, including keys that others have written. It cannot be undone.`,
    submit: "Delete all keys",
    isBad: true,
  });
  if (!isMeant) throw new Error("cancelled: nothing was deleted");
};
