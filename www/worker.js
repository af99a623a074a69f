// Runs one program in its own thread: it cannot touch the page, and the page can stop it. Its store records calls,
// which the page runs (`run.js`). No knowledge of operations.

import { compile, lineOf } from "./compile.js";
import { inspect, inspectShort, typeOf } from "./inspect.js";

const LONGEST_LINE = 2_000;
/** Calls that the page has not answered, and functions that it may call. */
const waiting = new Map();
const lent = [];
let last = 0;

/** Recreates the errors of the page's store. */
class KvError extends Error {
  name = "KvError";
}

const HANDLERS = {
  async run({ source }) {
    try {
      const program = compile(source, "kv", "console", "KvError");
      const value = await program(storeAfter([]), printing, KvError);
      postMessage({ type: "end", text: inspect(value), kind: typeOf(value) });
    } catch (error) {
      postMessage({ type: "end", error: described(error) });
    }
  },

  answer({ id, value, error }) {
    const { resolve, reject, line } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(revived(value));
    else reject(errorFrom({ ...error, line }));
  },

  async ask({ id, lentAs, args }) {
    try {
      postMessage({ type: "told", id, value: await lent[lentAs](...args) });
    } catch (error) {
      postMessage({ type: "told", id, error: described(error) });
    }
  },
};

addEventListener("message", ({ data }) => HANDLERS[data.type](data));

// Also show errors in timers and in promises that nobody awaits.
for (const [name, of] of [
  ["error", (event) => event.error],
  ["unhandledrejection", (event) => event.reason],
]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    postMessage({ type: "print", error: described(of(event)) });
  });
}

/** The console for programs: the page shows what they print. */
const print = (...parts) => {
  const texts = parts.map((part) => (typeof part === "string" ? part : inspectShort(part, LONGEST_LINE)));
  postMessage({ type: "print", text: texts.join(" ") });
};
const printing = {
  ...console,
  log: print,
  info: print,
  debug: print,
  warn: print,
  error: print,
  table: print,
};

/** A store whose calls follow these calls. */
function storeAfter(calls) {
  return recorder((name, args) => {
    const all = [...calls, [name, args]];
    if (name === "withPrefix") return storeAfter(all);
    return name === "multi" || name === "pipeline" ? chainAfter(all) : send(all);
  });
}

/** A chain: it collects calls until `exec`, and starts over. */
function chainAfter(begin) {
  let calls = [...begin];
  const chain = recorder((name, args) => {
    calls.push([name, args]);
    if (name !== "exec") return chain;
    const all = calls;
    calls = [...begin];
    return send(all);
  });
  return chain;
}

const recorder = (called) =>
  new Proxy(Object.create(null), {
    get: (_, name) =>
      typeof name === "string" && name !== "then" ? (...args) => called(name, args) : undefined,
  });

/** Sends calls to the page. The answer is a promise that also supports `for await`. */
function send(calls) {
  const id = ++last;
  const line = lineOf(new Error());
  const answer = new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, line });
    post(id, calls).catch(reject);
  });
  answer[Symbol.asyncIterator] = async function* () {
    yield* await answer;
  };
  return answer;
}

async function post(id, calls) {
  const sendable = [];
  for (const [name, args] of calls) {
    const given = [];
    for (const arg of args)
      given.push(arg?.[Symbol.asyncIterator] ? { value: await drained(arg) } : lend(arg));
    sendable.push([name, given]);
  }
  postMessage({ type: "call", id, calls: sendable });
}

/** Functions stay in this thread; the page calls them by number. */
const lend = (arg) => (typeof arg === "function" ? { lentAs: lent.push(arg) - 1 } : { value: arg });

async function drained(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An answer with its errors restored. */
function revived({ items, errors, ...rest }) {
  if (items === undefined) return rest.value;
  for (const [index, error] of errors) items[index] = errorFrom(error);
  return items;
}

function errorFrom({ message, ...fields }) {
  const error = fields.code === undefined ? new Error(message) : new KvError(message);
  return Object.assign(error, fields);
}

function described(error) {
  if (!(error instanceof Error))
    return { name: "Error", message: `thrown: ${inspectShort(error, LONGEST_LINE)}` };
  const { name, message, code, retryable, maybeApplied } = error;
  const isImport = error instanceof SyntaxError && /import statement/.test(message);
  const help = isImport ? ". Programs here have the store as kv, and need no import" : "";
  return { name, message: message + help, code, retryable, maybeApplied, line: error.line ?? lineOf(error) };
}
