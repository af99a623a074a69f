// The chart of operations per second, and the numbers beside it. Where operations come from does not matter here.

import { byId } from "./page.js";

const WIDTH = 300;
const HEIGHT = 64;
/** The minimum height of the scale: a few operations should look like a few. */
const LEAST_TOP = 10;
/** The numbers that a scale may show. */
const ROUND = [1, 2, 4, 6, 8, 10];

/** Draws a meter once a second. */
export class Chart {
  #meter;
  #facts;

  /** `facts()` returns the store's statistics. */
  constructor(meter, facts) {
    this.#meter = meter;
    this.#facts = facts;
    this.#draw();
    setInterval(() => this.#next(), 1_000);
  }

  #next() {
    this.#meter.next();
    if (!document.hidden) this.#draw();
  }

  async #draw() {
    const { rates } = this.#meter;
    const top = roundUp(Math.max(LEAST_TOP, ...rates));
    const points = rates.map((rate, index) => {
      const x = (index * WIDTH) / (rates.length - 1);
      return `${x.toFixed(1)} ${(HEIGHT - 0.5 - (rate / top) * (HEIGHT - 1)).toFixed(1)}`;
    });
    byId("chart-line").setAttribute("d", `M${points.join("L")}`);
    byId("chart-area").setAttribute("d", `M0 ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z`);
    for (const [nth, mark] of [...byId("scale").children].entries()) {
      mark.textContent = short.format((top * (2 - nth)) / 2);
    }
    const now = rates.at(-1);
    byId("rate").textContent = now.toLocaleString("en");
    byId("peak").textContent = Math.max(...rates).toLocaleString("en");
    byId("chart").setAttribute(
      "aria-label",
      `Operations per second over the last minute: now ${now}, at most ${Math.max(...rates)}`,
    );
    await this.#showFacts(rates);
  }

  async #showFacts(rates) {
    const { keys, bytes, hits = 0, misses = 0 } = await this.#facts();
    const reads = hits + misses;
    // Hide an empty chart and zeros.
    byId("pulse").classList.toggle("idle", keys === 0 && rates.every((rate) => rate === 0));
    byId("fact-keys").textContent = keys.toLocaleString("en");
    // A store elsewhere does not tell.
    byId("fact-bytes").textContent = (bytes ?? null) === null ? "–" : inBytes(bytes);
    byId("fact-hits").textContent = reads === 0 ? "–" : `${Math.round((100 * hits) / reads)} %`;
  }
}

const short = new Intl.NumberFormat("en", { notation: "compact" });

/** The next round number. */
function roundUp(number) {
  const unit = 10 ** Math.floor(Math.log10(number));
  return unit * ROUND.find((each) => each * unit >= number);
}

function inBytes(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
