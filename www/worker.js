// Runs one program in a worker: it cannot touch the page, and the page can stop it. Its `kv` only records calls and sends
// them to the page, which runs them (`run.js`). It must not know any operation.

import { compile, lineOf } from "./compile.js";
import { inspect, inspectShort, typeOf } from "./inspect.js";
import { Passage } from "./passing.js";

const LONGEST_LINE = 2_000;
/** What the page lends first: the function that runs calls on the store. */
const STORE = 0;

/** The store's errors, as programs see them. */
class KvError extends Error {
  name = "KvError";
}

const passage = new Passage((message) => postMessage(message), described, errorFrom);

addEventListener("message", ({ data }) => passage.receive(data) || run(data.source));

async function run(source) {
  try {
    const program = compile(source, "kv", "console", "KvError");
    const value = await program(storeAfter([]), printing, KvError);
    postMessage({ type: "end", text: inspect(value), kind: typeOf(value) });
  } catch (error) {
    postMessage({ type: "end", error: described(error) });
  }
}

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

/** Something whose methods, and the methods of its members, are all recorded: `called("records.put", args)`. */
function recorder(called, path = "") {
  const call = (...args) => called(path, args);
  return new Proxy(path === "" ? Object.create(null) : call, {
    get(target, name) {
      if (name in target) return target[name];
      if (typeof name !== "string" || name === "then") return undefined;
      return recorder(called, path === "" ? name : `${path}.${name}`);
    },
  });
}

/** Sends calls to the page, and returns what they answer. */
function send(calls) {
  const line = lineOf(new Error());
  const answer = passage.ask(STORE, [calls]);
  return early(answer.catch((error) => Promise.reject(Object.assign(error, { line }))));
}

/**
 * A promise that can be used as its value before that is there: its methods, promises, and `for await` if it is a list or
 * an iterable.
 */
function early(promise) {
  return new Proxy(promise, {
    get(target, name) {
      if (name === Symbol.asyncIterator) {
        return async function* () {
          yield* await target;
        };
      }
      const member = target[name];
      if (name in target || typeof name !== "string") {
        return typeof member === "function" ? member.bind(target) : member;
      }
      const later = early(target.then((value) => value[name]));
      // It may only be called, below.
      later.catch(() => undefined);
      return new Proxy(() => undefined, {
        get: (_, inner) => later[inner],
        apply: (_, __, args) => early(target.then((value) => value[name](...args))),
      });
    },
  });
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
  // The codes of the browser's own errors are numbers.
  const own = typeof code === "string" ? { code, retryable, maybeApplied } : {};
  return { name, message: message + help, ...own, line: error.line ?? lineOf(error) };
}
