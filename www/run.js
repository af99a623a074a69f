// Runs programs, each in a worker, and executes their calls on the store. It must not touch the page.

import { inspectShort } from "./inspect.js";
import { observe } from "./observe.js";
import { errorText } from "./reply.js";

const LONGEST = 160;
const WORKER = new URL("./worker.js", import.meta.url).href;
/** Trusted Types: the only script that this page may start. */
const trusted = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => WORKER });

/**
 * Runs a program. `print(kind, text, tag)` shows what it prints, and each call with its answer. `mayEmpty()` throws if a whole store
 * must not be emptied. `done` resolves to the outcome: `text` and `kind` of the program's value, an `error`, or `isStopped`.
 */
export function runProgram(kv, source, { print, mayEmpty }) {
  const worker = new Worker(trusted?.createScriptURL(WORKER) ?? WORKER, { type: "module" });
  const { promise: done, resolve: end } = Promise.withResolvers();
  /** Questions to the program's own functions, and calls that are still running. */
  const asked = new Map();
  let questions = 0;
  const running = new Set();
  const store = observe(kv, (name, args, answer) => {
    answer?.then?.(
      (value) => print("call", `kv.${name}(${args.map(short).join(", ")}) → ${short(value)}`),
      // The program handles the error itself.
      () => undefined,
    );
  });

  const finish = (outcome) => {
    worker.terminate();
    end(outcome);
  };
  const HANDLERS = {
    call({ id, calls }) {
      const reply = (answer) => worker.postMessage({ type: "answer", id, ...answer });
      const work = answerTo(calls)
        .then(reply)
        // An answer that cannot be cloned is an error.
        .catch((error) => reply({ error: plain(error) }));
      running.add(work);
      work.finally(() => running.delete(work));
    },
    print({ text, error }) {
      if (error === undefined) print("say", text);
      else print("error", ...inWords(error));
    },
    told({ id, value, error }) {
      const { resolve, reject } = asked.get(id);
      asked.delete(id);
      if (error === undefined) resolve(value);
      else reject(Object.assign(new Error(error.message), error));
    },
    async end(outcome) {
      // Calls that the program did not await are finished too.
      await Promise.allSettled(running);
      finish(outcome);
    },
  };
  worker.addEventListener("message", ({ data }) => HANDLERS[data.type](data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    finish({ error: { name: "Error", message: event.message ?? "The program could not be started." } });
  });
  worker.postMessage({ type: "run", source });
  return { done, stop: () => finish({ isStopped: true }) };

  /** Runs a chain of calls, each on the result of the one before. */
  async function answerTo(calls) {
    try {
      let target = store;
      for (const [name, given] of calls) {
        if (name === "close") return { value: {} };
        const args = given.map(({ value, lentAs }) => (lentAs === undefined ? value : lending(lentAs)));
        if (name === "flush" && args[0]?.all) await mayEmpty();
        if (typeof target[name] !== "function") throw new TypeError(`kv.${name} is not a function`);
        target = target[name](...args);
      }
      return { value: packed(await (target?.[Symbol.asyncIterator] ? collected(target) : target)) };
    } catch (error) {
      return { error: plain(error) };
    }
  }

  /** Stands for one of the program's functions. */
  function lending(lentAs) {
    return (...args) => {
      const id = ++questions;
      const { promise, resolve, reject } = Promise.withResolvers();
      asked.set(id, { resolve, reject });
      worker.postMessage({ type: "ask", id, lentAs, args });
      return promise;
    };
  }
}

/** Writes the outcome of a program to a log. */
export function showEnd(log, { text, kind, error, isStopped }) {
  if (isStopped) log.add("note", "stopped");
  else if (error !== undefined) log.add("error", ...inWords(error));
  else log.add("result", text, kind === text ? "" : kind);
}

/** An error's text and its tag. */
function inWords(error) {
  const line = error.line === undefined ? [] : [`line ${error.line}`];
  const kind = error.code === undefined ? [] : ["KvError", ...(error.retryable ? ["retryable"] : [])];
  return [errorText({ ...error, code: error.code ?? error.name }), [...kind, ...line].join(" · ")];
}

const short = (value) => inspectShort(value, LONGEST);

async function collected(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Sends errors in a list apart from it: cloning would drop their codes. */
function packed(value) {
  if (!Array.isArray(value)) return { value };
  const errors = [...value.entries()].filter(([, item]) => item instanceof Error);
  const items = value.map((item) => (item instanceof Error ? null : item));
  return { items, errors: errors.map(([index, error]) => [index, plain(error)]) };
}

const plain = ({ name, message, code, retryable, maybeApplied }) => ({
  name: code === undefined ? name : "KvError",
  message,
  code,
  retryable,
  maybeApplied,
});
