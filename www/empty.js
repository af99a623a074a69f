// The question before a store on a server is emptied: others may have keys there.

import { ask } from "./ask.js";

/** Returns a function that asks if the store is on a server, and throws if the answer is no. */
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
