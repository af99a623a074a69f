// Runs programs, each in a worker, and executes their calls on the store. It must not touch the page.

import { inspectShort } from "./inspect.js";
import { observe } from "./observe.js";
import { Passage } from "./passing.js";
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
  const store = observe(kv, (name, args, answer) => {
    answer?.then?.(
      (value) => print("call", `kv.${name}(${args.map(short).join(", ")}) → ${short(value)}`),
      // The program handles the error itself.
      () => undefined,
    );
  });
  const passage = new Passage((message) => worker.postMessage(message), plain, revived);
  /** Calls that have not been answered. */
  const running = new Set();
  passage.lend((calls) => {
    const work = answerTo(calls);
    running.add(work);
    work.finally(() => running.delete(work)).catch(() => undefined);
    return work;
  });

  const finish = (outcome) => {
    worker.terminate();
    passage.end();
    end(outcome);
  };
  const HANDLERS = {
    print({ text, error }) {
      if (error === undefined) print("say", text);
      else print("error", ...inWords(error));
    },
    async end(outcome) {
      // Calls that the program did not await are finished too.
      await Promise.allSettled(running);
      finish(outcome);
    },
  };
  worker.addEventListener("message", ({ data }) => passage.receive(data) || HANDLERS[data.type](data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    finish({ error: { name: "Error", message: event.message ?? "The program could not be started." } });
  });
  worker.postMessage({ type: "run", source });
  return { done, stop: () => finish({ isStopped: true }) };

  /** Runs a chain of calls, each on the result of the one before. */
  async function answerTo(calls) {
    let target = store;
    for (const [path, args] of calls) {
      if (path === "close") return undefined;
      if (path === "flush" && args[0]?.all) await mayEmpty();
      const names = path.split(".");
      const holder = names.slice(0, -1).reduce((inner, name) => inner?.[name], target);
      const method = names.at(-1);
      if (typeof holder?.[method] !== "function") throw new TypeError(`kv.${path} is not a function`);
      target = holder[method](...args);
    }
    return target;
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

/** An error, or what else was thrown, as a message can carry it. */
const plain = (error) => {
  const { name, message = String(error), code, retryable, maybeApplied } = error ?? {};
  return { name: code === undefined ? name : "KvError", message, code, retryable, maybeApplied };
};

const revived = (fields) => Object.assign(new Error(fields.message), fields);
