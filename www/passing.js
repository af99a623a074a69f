// Passes values between a program's worker and the page. What cannot be cloned is linked: functions, promises, signals and
// iterables stay where they are and are used from the other side. It must not know any operation.

/** A reserved name: begins the iteration of an iterable. */
const ITERATE = "@iterate";

/** One side of the passage; the other side has one too. */
export class Passage {
  #post;
  #describe;
  #revive;
  /** What the other side may use, by its number. */
  #lent = [];
  /** Calls that wait for the other side's answer. */
  #asked = new Map();
  /** Signals of the other side, by its numbers. */
  #signals = new Map();
  /** What ends with the passage. */
  #stops = new Set();
  #last = 0;
  #isOver = false;

  /** `post` sends a message; `describe` turns an error into what can be cloned, and `revive` turns that into an error. */
  constructor(post, describe, revive) {
    this.#post = post;
    this.#describe = describe;
    this.#revive = revive;
  }

  /** Lets the other side use something. Returns its number, by which `ask` finds it. */
  lend(thing) {
    return this.#lent.push(thing) - 1;
  }

  /** Calls a function of the other side, or a method of something there. */
  async ask(number, args, method) {
    if (this.#isOver) throw new Error("the program has ended");
    const id = ++this.#last;
    this.#post({ type: "ask", id, number, method, args: this.pack(args) });
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  /** Handles a message of the other side. Returns whether it was one of a passage. */
  receive({ type, ...message }) {
    const handler = { ask: this.#answer, told: this.#told, abort: this.#abort }[type];
    handler?.call(this, message);
    return handler !== undefined;
  }

  /** Ends everything that was begun for the other side. */
  end() {
    this.#isOver = true;
    for (const { reject } of this.#asked.values()) reject(new Error("the program has ended"));
    this.#asked.clear();
    for (const controller of this.#signals.values()) controller.abort();
    for (const stop of this.#stops) Promise.resolve(stop()).catch(() => undefined);
  }

  /** A value as a message can carry it: with links in the places of what cannot be cloned. */
  pack(value) {
    const links = [];
    return { value: this.#walk(value, [], links, new Map()), links };
  }

  /** The value of a message. */
  unpack({ value, links }) {
    let whole = value;
    for (const [path, kind, facts] of links) {
      const thing = this.#use(kind, facts);
      if (path.length === 0) whole = thing;
      else {
        const holder = path.slice(0, -1).reduce((inner, name) => inner[name], whole);
        Object.defineProperty(holder, path.at(-1), {
          value: thing,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    return whole;
  }

  #walk(value, path, links, seen) {
    const link = this.#linkOf(value, path);
    if (link !== undefined) {
      links.push([path, ...link]);
      return null;
    }
    if (!isPlain(value)) return value;
    if (seen.has(value)) return seen.get(value);
    const copy = Array.isArray(value) ? [] : Object.create(null);
    seen.set(value, copy);
    for (const [name, inner] of Object.entries(value)) {
      copy[name] = this.#walk(inner, [...path, name], links, seen);
    }
    return copy;
  }

  /** The kind and the facts of a link, for what cannot be cloned. */
  #linkOf(value, path) {
    if (value?.[Symbol.asyncIterator]) return ["iterable", this.lend(value)];
    if (typeof value === "function") {
      // By its name: what can be stopped must not outlive the program that started it.
      if (path.at(-1) === "stop") this.#stops.add(value);
      return ["function", this.lend(value)];
    }
    if (value instanceof Error) return ["error", this.#describe(value)];
    if (value instanceof AbortSignal) return ["signal", this.#lendSignal(value)];
    if (value instanceof Promise) return ["promise", this.lend(() => value)];
    return undefined;
  }

  #lendSignal(signal) {
    const number = this.lend(signal);
    const abort = () => this.#post({ type: "abort", number, reason: this.#describe(signal.reason) });
    signal.addEventListener("abort", abort);
    return { number, reason: signal.aborted ? this.#describe(signal.reason) : undefined };
  }

  /** Stands for something of the other side. */
  #use(kind, facts) {
    switch (kind) {
      case "function":
        return (...args) => this.ask(facts, args);
      case "error":
        return this.#revive(facts);
      case "signal":
        return this.#signalOf(facts);
      case "promise": {
        const promise = this.ask(facts, []);
        // Nobody has to wait for it.
        promise.catch(() => undefined);
        return promise;
      }
      default:
        return this.#iterableOf(facts);
    }
  }

  #signalOf({ number, reason }) {
    const controller = new AbortController();
    this.#signals.set(number, controller);
    if (reason !== undefined) controller.abort(this.#revive(reason));
    return controller.signal;
  }

  /** An iterable of the other side, which may have methods too. */
  #iterableOf(number) {
    const iterate = () => {
      const begun = this.ask(number, [], ITERATE);
      const step = async (method, args) => this.ask(await begun, args, method);
      return { next: (...args) => step("next", args), return: (...args) => step("return", args) };
    };
    return new Proxy(Object.create(null), {
      get: (_, name) => {
        if (name === Symbol.asyncIterator) return iterate;
        return typeof name === "string" && name !== "then"
          ? (...args) => this.ask(number, args, name)
          : undefined;
      },
    });
  }

  async #answer({ id, number, method, args }) {
    try {
      const value = await this.#run(this.#lent[number], method, this.unpack(args));
      this.#post({ type: "told", id, answer: this.pack(value) });
    } catch (error) {
      this.#post({ type: "told", id, error: this.#describe(error) });
    }
  }

  #run(thing, method, args) {
    if (method === undefined) return thing(...args);
    if (method !== ITERATE) return thing[method](...args);
    const iterator = thing[Symbol.asyncIterator]();
    this.#stops.add(() => iterator.return?.());
    return this.lend(iterator);
  }

  #told({ id, answer, error }) {
    const waiting = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) waiting?.resolve(this.unpack(answer));
    else waiting?.reject(this.#revive(error));
  }

  #abort({ number, reason }) {
    this.#signals.get(number)?.abort(this.#revive(reason));
  }
}

function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}
