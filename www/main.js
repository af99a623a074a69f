// Opens the store and puts the parts of the page on it.

import { addDialog } from "./add.js";
import { Chart } from "./chart.js";
import { Console } from "./console.js";
import { showExamples } from "./examples.js";
import { KeyBrowser } from "./keys.js";
import { loadButton } from "./load.js";
import { Log } from "./log.js";
import { Meter } from "./meter.js";
import { observe } from "./observe.js";
import { connect } from "./omnikv.js";
import { byId } from "./page.js";
import { Session } from "./session.js";

const URL_OF_STORE = "memory:playground";
/** How many keys completion suggests. */
const SUGGESTED_KEYS = 8;

// Two handles on one store: what the page itself asks shall not be counted as what its user did.
const kv = await connect(URL_OF_STORE);
const own = await connect(URL_OF_STORE);

const meter = new Meter();
const log = new Log(byId("log"));
const keys = new KeyBrowser(own);
const counted = observe(kv, () => {
  meter.add();
  keys.refresh();
});
const keysFrom = async (start) =>
  (await own.range(start, undefined, { limit: SUGGESTED_KEYS, as: "bytes" })).map(([key]) => key);

new Console(log, new Session(counted), keysFrom);
new Chart(meter, kv);
showExamples(counted, log);
addDialog(counted, () => keys.refresh());
loadButton(kv, (many) => meter.add(many), log);
document.documentElement.dataset.ready = "true";

// For those who open the developer tools: what they write there shows here.
globalThis.kv = kv;
