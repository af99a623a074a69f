// Runs one program in a worker: it cannot touch the page, and the page can stop it. Its `kv` only records calls and sends
// them to the page, which runs them (`run.js`). It must not know any operation.

import { compile, lineOf } from "./compile.js";
import { inspect, inspectShort, typeOf } from "./inspect.js";

const LONGEST_LINE = 2_000;
/** Calls that wait for the page's answer, and functions that the page may call. */
const waiting = new Map();
const lent = [];
let last = 0;

/** The store's errors, as programs see them. */
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

// Errors in timers and unhandled rejections are shown too.
for (const [name, of] of [
  ["error", (event) => event.error],
  ["unhandledrejection", (event) => event.reason],
]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    postMessage({ type: "print", error: described(of(event)) });
  });
}

/** The `console` of programs: the page shows what they print. */
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

/** The store that these calls return. */
function storeAfter(calls) {
  return recorder((name, args) => {
    const all = [...calls, [name, args]];
    if (name === "withPrefix") return storeAfter(all);
    return name === "multi" || name === "pipeline" ? chainAfter(all) : send(all);
  });
}

/** A pipeline or transaction: collects calls until `exec`, then starts again. */
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

/** Sends calls to the page. Returns a promise that also works in `for await` when the answer is a list. */
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

/** A function stays here; the page calls it by its number. */
const lend = (arg) => (typeof arg === "function" ? { lentAs: lent.push(arg) - 1 } : { value: arg });

async function drained(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Turns the errors inside an answer into errors again. */
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
