// What these tests share: both stores, a clock of their own, and errors expected. It must not know the host.

import { assert } from "chai";
import { connect, KvError, MemoryStore } from "omnikv";

export { assert };

/** Runs a test on a store of each kind; `open` takes the options of `connect`. */
export const onBoth = (test) => async () => {
  await test((options) => connect("memory:", options));
  await test((options) => new MemoryStore(options));
};

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
