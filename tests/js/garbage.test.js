// What garbage collection frees: the memory of private stores, and of handles on named ones. What it must keep is
// tested in every host: tests/both/garbage.js.

import assert from "node:assert/strict";
import { it } from "node:test";
import { collected } from "../both/support.js";
import "./expose-gc.js";

/** The wasm memories of the modules that are started from here on. */
const memories = [];
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...given) {
    super(...given);
    if (this.exports.core_open) memories.push(this.exports.memory);
  }
};

const { connect, MemoryStore } = await import("omnikv");

/** Opens a thousand handles without closing them: they may not need twice the memory of the first hundred. */
async function abandon(open) {
  let first;
  for (let round = 0; round < 10; round++) {
    await collected(async (watch) => {
      for (let count = 0; count < 100; count++) await open(watch);
    });
    const size = memories[0].buffer.byteLength;
    first ??= size;
    assert(size < 2 * first, `${size} bytes in round ${round}, after ${first}`);
  }
}

const value = "x".repeat(100_000);

for (const [way, open] of Object.entries({ connect, "MemoryStore.connect": MemoryStore.connect })) {
  it(`the memory of unclosed private stores is reused: ${way}`, async () => {
    await abandon(async (watch) => {
      const kv = watch(await open("memory:"));
      await kv.set("k", value);
      await watch(kv.withPrefix("p")).set("k", value);
    });
  });

  it(`a handle on a named store leaks nothing except its entries: ${way}`, async () => {
    const url = `memory:abandoned-${way}`;
    await abandon(async (watch) => {
      await watch(await open(url)).incr("n");
    });
    const kv = await open(url);
    assert.equal(await kv.get("n"), "1000");
  });
}

it("the clock of a private store is freed, that of a named one is kept", async () => {
  await collected(async (watch) => {
    await connect("memory:", { clock: watch(() => Date.now()) });
  });
  let kept;
  await collected(async (watch) => {
    const clock = () => Date.now();
    kept = new WeakRef(clock);
    watch(await connect("memory:with-a-clock", { clock }));
  });
  assert.notEqual(kept.deref(), undefined);
  await connect("memory:with-a-clock", { clock: kept.deref() });
});
