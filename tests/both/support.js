// Shared by these tests: all kinds of store, a clock, and expected errors. The host does not matter here.

import { assert } from "chai";
import { connect, KvError, MemoryStore } from "omnikv";
import { createGateway } from "omnikv/gateway";

export { assert };

/** Runs a test on each kind of memory store; `open` takes the options of `connect`. */
export const onBoth = (test) => async () => {
  await test((options) => connect("memory:", options));
  await test((options) => new MemoryStore(options));
};

/** The same, and on a remote store; the test gets the backend's name. */
export const onAll = (test) => async () => {
  await test((options) => connect("memory:", options), "memory");
  await test((options) => new MemoryStore(options), "memory");
  await test(openElsewhere, "upstash");
};

/** A memory store behind a gateway. Options of the store are applied there, options of the handle here. */
async function openElsewhere({ clock, maxBytes, maxKeys, eviction, ...options } = {}) {
  const store = { clock, maxBytes, maxKeys, eviction };
  const gateway = createGateway("memory:", { token: "token", store });
  const fetch = (url, init) => gateway(new Request(url, init));
  return connect("upstash://:token@localhost", { ...options, fetch });
}

/** Expects a KvError with these properties; a message may be a regular expression. */
export async function fails(work, expected) {
  let error;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  assert.instanceOf(error, KvError, "a KvError is expected");
  const { message, ...rest } = typeof expected === "string" ? { code: expected } : expected;
  for (const [name, value] of Object.entries(rest)) assert.equal(error[name], value, name);
  if (message instanceof RegExp) assert.match(error.message, message);
  else if (message !== undefined) assert.equal(error.message, message);
}

/** A local port without a server, without retries. */
export const nowhere = { host: "127.0.0.1", port: 1, retries: 0 };

/**
 * Expects that a server cannot be reached: there is none, or a page has no sockets. Messages must contain no secret.
 */
export async function isUnreachable(work) {
  const error = await work().then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.instanceOf(error, KvError, "a KvError is expected");
  assert.include(["unavailable", "unsupported"], error.code);
  assert.notInclude(error.message, "secret");
}

/** A clock that only moves on demand. */
export function clock() {
  let now = 1_700_000_000_000;
  return {
    read: () => now,
    advance: (seconds) => {
      now += seconds * 1_000;
    },
  };
}

/** The items of a synchronous or asynchronous iterable. */
export async function collect(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

export const utf8 = (text) => new TextEncoder().encode(text);

/** Lets everything that is due run. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Runs work and waits until the host has collected what it passes to `watch`, and has run the finalizers. `gc` must be
 * available.
 */
export async function collected(work) {
  let left = 0;
  const registry = new FinalizationRegistry(() => left--);
  await work((garbage) => {
    left++;
    registry.register(garbage);
    return garbage;
  });
  for (let time = 0; left > 0; time++) {
    assert.isBelow(time, 100, "what is watched is still in use");
    globalThis.gc();
    await turn();
  }
  // Let other finalization registries run, and what becomes garbage only then.
  for (let time = 0; time < 5; time++) {
    globalThis.gc();
    await turn();
  }
}

/** A generator of 32-bit random numbers; the same seed gives the same sequence. */
export function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
