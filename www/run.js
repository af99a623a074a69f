// Runs programs, each in a worker, and performs their calls on a store. It must not touch the page.

import { inspectShort } from "./inspect.js";
import { observe } from "./observe.js";
import { errorText } from "./reply.js";

const LONGEST = 160;
const WORKER = new URL("./worker.js", import.meta.url).href;
/** The only script that this page may start as a worker. */
const trusted = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => WORKER });

/**
 * Runs a program. `print(kind, text, tag)` receives its output, and each `call` with its answer; `mayEmpty()` is called
 * before a whole store is emptied. `done` resolves with the result: a `text` and the `kind` of value, an `error`, or
 * `isStopped`.
 */
export function runProgram(kv, source, { print, mayEmpty }) {
  const worker = new Worker(trusted?.createScriptURL(WORKER) ?? WORKER, { type: "module" });
  const { promise: done, resolve: end } = Promise.withResolvers();
  /** The program's pending calls, and everything that is still running. */
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
        // An answer that cannot be sent to a worker is an error.
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
      // Calls that it did not await are completed too.
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

  /** Runs calls, each on the result of the previous one. */
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

  /** A function of the program. */
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

/** Shows in a log how a program ended. */
export function showEnd(log, { text, kind, error, isStopped }) {
  if (isStopped) log.add("note", "stopped");
  else if (error !== undefined) log.add("error", ...inWords(error));
  else log.add("result", text, kind === text ? "" : kind);
}

/** An error as one line, and its kind. */
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

/** A value with its errors separated, because cloning loses their codes. */
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
