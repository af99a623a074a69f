// Runs one conformance case (tests/conformance/README.md) on stores of this package. Host and reporting do not matter
// here: Node and the browser share this file.

import { argument, matches, show } from "./forms.js";

/** The time at which every case begins in a store with our clock. */
const START = 1_700_000_000_000;
let stores = 0;

/**
 * The world of one case whose store uses our clock. A world has the `url` and `options` for opening a handle, `now`, a
 * way to `advance` it, and `isServer`, which says whether a flush needs `{ all: true }`.
 */
export function ownTime(url) {
  let now = START;
  return {
    url,
    options: { clock: () => now },
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** Runs a case; `open(url, options)` opens a store in the tested way. Throws if the case fails. */
export async function runCase(testCase, open, world = ownTime(`memory:case-${++stores}`)) {
  const scope = { now: world.now, saved: new Map(), isServer: world.isServer === true };
  const handles = [];
  // Counters beyond 2^53 are read as bigints, all others with the default.
  const integers = JSON.stringify(testCase.steps).includes('"$int"') ? { integers: "bigint" } : {};
  const handle = async (options) => {
    const store = await open(world.url, { ...testCase.options, ...options, ...world.options, ...integers });
    handles.push(store);
    return store;
  };
  try {
    const store = await handle({});
    for (const [index, step] of testCase.steps.entries()) {
      try {
        if (step.advance !== undefined) await world.advance(step.advance);
        else await runStep(step, step.with ? await handle(step.with) : store, scope);
      } catch (error) {
        error.message = `step ${index + 1}, ${show(step).slice(0, 200)}: ${error.message}`;
        error.step = step;
        throw error;
      }
    }
  } finally {
    for (const store of handles) await store.close();
  }
}

async function runStep(step, store, scope) {
  let reply;
  try {
    reply = await answer(step, store, scope);
  } catch (error) {
    if (error.code === undefined) throw error;
    if (error.code === step.error) return;
    throw Object.assign(new Error(`failed with ${error.code}: ${error.message}`), { code: error.code });
  }
  if (step.error !== undefined) throw new Error(`gave ${show(reply)}, not the error ${step.error}`);
  const right =
    step.pipeline || step.multi ? sameResults(step.reply, reply, scope) : matches(step.reply, reply, scope);
  if (right) return;
  const refused = step.pipeline && reply.some((each) => each?.code === "unsupported");
  throw Object.assign(new Error(`gave ${show(reply)}`), refused ? { code: "unsupported" } : {});
}

function answer(step, store, scope) {
  if (step.call) return call(store, step.call, scope);
  if (step.drain) return drain(store, step.drain, scope);
  const chain = step.pipeline ? store.pipeline() : store.multi();
  for (const [key, expected] of step.checks ?? []) chain.check(key, argument(expected, scope));
  for (const each of step.pipeline ?? step.multi) call(chain, each, scope);
  return chain.exec();
}

function call(target, [name, ...given], scope) {
  const [method, on = target] = camelCase(name)
    .split(".")
    .reverse()
    .map((each, at) => (at === 0 ? each : target[each]));
  if (typeof on[method] !== "function") throw new Error(`there is no operation ${method}`);
  const all = name === "flush" && scope.isServer ? [{ all: true }] : [];
  return on[method](...given.map((item) => argument(item, scope)), ...all);
}

/** A whole scan, without duplicates. */
async function drain(store, [name, ...given], scope) {
  const before = name === "scan" ? 0 : 1;
  const found = new Map();
  let cursor = "0";
  for (let pages = 0; pages < 100_000; pages++) {
    const page = await call(store, [name, ...given.slice(0, before), cursor, ...given.slice(before)], scope);
    for (const item of page.keys ?? page.entries ?? page.members) found.set(show(item), item);
    cursor = page.cursor;
    if (cursor === "0") return [...found.values()];
  }
  throw new Error("the scan does not end");
}

const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

function sameResults(expected, actual, scope) {
  const same = (item, index) =>
    item?.$error === undefined ? matches(item, actual[index], scope) : actual[index]?.code === item.$error;
  return expected.length === actual.length && expected.every(same);
}
