// A few seconds of load on many keys, to watch the chart and the key list. It leaves nothing permanent behind.

import { announce, breathe, byId } from "./page.js";

const SECONDS = 3;
const KEYS = 10_000;
const SLICE_MS = 12;
const BETWEEN_LOOKS = 50;

/** Sets up the button. `add` counts operations. */
export function loadButton(kv, add, log) {
  const button = byId("load");
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const done = await load(kv, add);
    button.removeAttribute("aria-disabled");
    const text = `${done.toLocaleString("en")} operations on ${KEYS.toLocaleString("en")} keys in ${SECONDS} s, one awaited call at a time; the keys expire in 30 s`;
    log.add("note", text);
    announce(text);
  });
}

/** Writes and reads in slices that yield to the browser. Returns the number of operations. */
async function load(kv, add) {
  const end = performance.now() + SECONDS * 1_000;
  let done = 0;
  while (performance.now() < end) {
    const slice = performance.now() + SLICE_MS;
    const before = done;
    while (performance.now() < slice) {
      for (let nth = 0; nth < BETWEEN_LOOKS; nth += 1, done += 1) {
        const key = `load:${String((done >> 1) % KEYS).padStart(4, "0")}`;
        if (done % 2 === 0) await kv.set(key, done, { ttl: 30 });
        else await kv.get(key);
      }
    }
    add(done - before);
    await breathe();
  }
  return done;
}
