// Opens the store and connects the parts of the page to it.

import { addDialog } from "./add.js";
import { Chart } from "./chart.js";
import { Console } from "./console.js";
import { askBeforeEmptying } from "./empty.js";
import { KeyBrowser } from "./keys.js";
import { loadButton } from "./load.js";
import { Log } from "./log.js";
import { Meter } from "./meter.js";
import { observe } from "./observe.js";
import { byId } from "./page.js";
import { HOME, KEPT, Place } from "./place.js";
import { PlaceForm } from "./place-form.js";
import { Program } from "./program.js";
import { recall } from "./remember.js";
import { RecordsView } from "./records/view.js";
import { runProgram } from "./run.js";
import { Session } from "./session.js";
import { TasksView } from "./tasks/view.js";
import { Views } from "./views.js";

/** How many keys completion suggests. */
const SUGGESTED_KEYS = 8;

const place = new Place();
// A browser that once kept the data may no longer do so.
await place.go(recall("kept", false) ? KEPT : HOME).catch(() => place.go(HOME));
const { kv, own } = place;

const meter = new Meter();
const log = new Log(byId("log"));
const told = { found: () => form.found(), lost: (error) => form.lost(error) };
const keys = new KeyBrowser(own, () => place.pace, told);
const seen = () => {
  meter.add();
  keys.refresh();
  records.refresh();
  tasks.refresh();
};
const counted = observe(kv, seen);
const records = new RecordsView(place, counted, own, told);
const tasks = new TasksView(place, counted, own, told);
/** For users of the developer tools: operations on this store are counted and shown. */
const lend = () => {
  globalThis.kv = observe(place.store, seen);
};
const keysFrom = async (start) =>
  place.isAway
    ? keys.startingWith(start, SUGGESTED_KEYS)
    : (await own.range(start, undefined, { limit: SUGGESTED_KEYS, as: "bytes" })).map(([key]) => key);
// Counting the keys of a server would visit all of them.
const facts = () => (place.isAway ? { keys: keys.count } : kv.stats());

const mayEmpty = askBeforeEmptying(place);
const session = new Session(counted, mayEmpty);
/** For a line, show its output and result, but not each call. */
const runLine = (source, shown) =>
  runProgram(counted, source, {
    print: (kind, ...entry) => kind === "call" || shown.add(kind, ...entry),
    mayEmpty,
  });
const prompt = new Console(log, session, runLine, keysFrom);
const program = new Program(counted, log, mayEmpty);
new Chart(meter, facts);
addDialog(counted, () => keys.refresh());
loadButton(kv, (many) => meter.add(many), log);
const form = new PlaceForm(place, () => {
  // Running programs must not continue on the new store.
  program.stop();
  prompt.stop();
  prompt.discard();
  keys.reset();
  records.reset();
  tasks.reset();
  const where = place.isAway ? "Connected to" : place.isKept ? "In this browser:" : "Back in this tab:";
  log.add("note", `${where} ${place.shown}`);
  lend();
});
lend();
new Views((name) => {
  records.show(name === "records");
  tasks.show(name === "tasks");
});
document.documentElement.dataset.ready = "true";
