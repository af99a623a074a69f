// What these tests share: all kinds of store, a clock of their own, and errors expected. It must not know the host.

import { assert } from "chai";
import { connect, KvError, MemoryStore } from "omnikv";
import { createGateway } from "omnikv/gateway";

export { assert };

/** Runs a test on a store of each kind in memory; `open` takes the options of `connect`. */
export const onBoth = (test) => async () => {
  await test((options) => connect("memory:", options));
  await test((options) => new MemoryStore(options));
};

/** The same, and on a store elsewhere; the test is told what the backend is called. */
export const onAll = (test) => async () => {
  await test((options) => connect("memory:", options), "memory");
  await test((options) => new MemoryStore(options), "memory");
  await test(openElsewhere, "upstash");
};

/** A store in memory behind a gateway. What belongs to the entries is said there, what belongs to the handle here. */
async function openElsewhere({ clock, maxBytes, maxKeys, eviction, ...options } = {}) {
  const store = { clock, maxBytes, maxKeys, eviction };
  const gateway = createGateway("memory:", { token: "token", store });
  const fetch = (url, init) => gateway(new Request(url, init));
  return connect("upstash://:token@localhost", { ...options, fetch });
}

/** Expects a KvError with these properties; a message may be a pattern. */
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

/** A port of this machine where no server is, for stores that wait for none. */
export const nowhere = { host: "127.0.0.1", port: 1, retries: 0 };

/** Expects a server not to be reached: nobody is there, or in a page there are no sockets. No message may hold a secret. */
export async function isUnreachable(work) {
  const error = await work().then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.instanceOf(error, KvError, "a KvError is expected");
  assert.include(["unavailable", "unsupported"], error.code);
  assert.notInclude(error.message, "secret");
}

/** A clock that stands until it is moved. */
export function clock() {
  let now = 1_700_000_000_000;
  return {
    read: () => now,
    advance: (seconds) => {
      now += seconds * 1_000;
    },
  };
}

/** The items of an iterable of either kind. */
export async function collect(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

export const utf8 = (text) => new TextEncoder().encode(text);

/** Lets everything that is due happen. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Runs work and waits until the host has collected what it gives to `watch`, and has told whoever wanted to know. The host must
 * have been started so that `gc` is there.
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
  // The other registries have their turn, also for what only becomes garbage then.
  for (let time = 0; time < 5; time++) {
    globalThis.gc();
    await turn();
  }
}

/** A generator of 32 random bits: the same seed gives the same. */
export function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
