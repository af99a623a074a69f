// What passes between a program of the playground and the page, without workers: two sides, and messages that are cloned.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Passage } from "../../www/passing.js";

const describeError = ({ name, message, code }) => ({ name, message, code });
const revive = (fields) => Object.assign(new Error(fields.message), fields);

/** Two sides. `first` lends `thing`; the result asks for it from the other side. */
function between(thing) {
  const sides = [0, 1].map(
    (nth) =>
      new Passage(
        (message) => {
          const cloned = structuredClone(message);
          queueMicrotask(() => sides[1 - nth].receive(cloned));
        },
        describeError,
        revive,
      ),
  );
  const number = sides[0].lend(thing);
  return { ask: (...args) => sides[1].ask(number, args), end: () => sides[0].end() };
}

describe("what passes", () => {
  it("values as they are, also with cycles and odd names", async () => {
    const circle = { list: [1, 2n, new Date(0), Uint8Array.of(1), new Map([[1, new Set([2])]])] };
    circle.self = circle;
    const odd = JSON.parse('{"__proto__": {"a": 1}, "value": null, "links": []}');
    const { ask } = between((...args) => args);
    const [first, second] = await ask(circle, odd);
    assert.deepEqual(first.list, circle.list);
    assert.equal(first.self, first);
    assert.equal(JSON.stringify(second), JSON.stringify(odd));
  });

  it("functions anywhere, in both directions, with their errors", async () => {
    const { ask } = between(async ({ handlers }, twice) => ({
      told: await handlers.mail({ to: "a" }),
      again: (n) => twice(n + 1),
      fail: () => Promise.reject(Object.assign(new Error("no"), { code: "conflict" })),
    }));
    const given = await ask({ handlers: { mail: ({ to }) => `mail for ${to}` } }, (n) => n * 2);
    assert.equal(given.told, "mail for a");
    assert.equal(await given.again(20), 42);
    await assert.rejects(given.fail(), { code: "conflict", message: "no" });
    await assert.rejects(ask({ handlers: {} }), /not a function/);
  });

  it("promises, errors in lists, and signals", async () => {
    const { ask } = between(async ({ signal }) => {
      const aborted = new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(signal.reason.message)),
      );
      return { aborted, all: [1, Object.assign(new Error("bad"), { code: "wrong-type" })] };
    });
    const end = new AbortController();
    const { aborted, all } = await ask({ signal: end.signal });
    assert.equal(all[1].code, "wrong-type");
    end.abort(new Error("enough"));
    assert.equal(await aborted, "enough");
    const late = between(({ signal }) => [signal.aborted, signal.reason.message]);
    assert.deepEqual(await late.ask({ signal: end.signal }), [true, "enough"]);
  });

  it("iterables with their methods, which are left when the loop is", async () => {
    let isLeft = false;
    const source = {
      status: async () => "held",
      async *[Symbol.asyncIterator]() {
        try {
          for (let n = 1; ; n += 1) yield { n };
        } finally {
          isLeft = true;
        }
      },
    };
    const { ask } = between(() => source);
    const numbers = await ask();
    assert.equal(await numbers.status(), "held");
    const seen = [];
    for await (const { n } of numbers) {
      seen.push(n);
      if (n === 3) break;
    }
    assert.deepEqual(seen, [1, 2, 3]);
    assert(isLeft);
  });

  it("ends what it has begun", async () => {
    const ended = [];
    const { ask, end } = between(({ signal, never }) => {
      signal.addEventListener("abort", () => ended.push("signal"));
      never().catch(({ message }) => ended.push(message));
      return { stop: () => ended.push("stop"), done: Promise.resolve() };
    });
    await ask({ signal: new AbortController().signal, never: () => new Promise(() => undefined) });
    end();
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(ended.sort(), ["signal", "stop", "the program has ended"]);
  });
});
