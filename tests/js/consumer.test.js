// Consumers: what an iteration commits, who holds it, and how it ends.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { onEach, until } from "./record-stores.js";

/** Writes records of these keys, one after the other. */
async function write(kv, ...keys) {
  for (const key of keys) await kv.records.put(key, -1, { key }, { type: key.split(":")[0] });
}

const keysOf = (changes) => changes.map(({ record }) => record.key);
const conflict = { code: "conflict" };

describe("consumer, by hand", () => {
  onEach("get gives the same batch until it is committed", async (kv) => {
    await write(kv, "a:1", "a:2", "a:3");
    const consumer = kv.consumer("c", { limit: 2 });
    assert.deepEqual(keysOf(await consumer.get()), ["a:1", "a:2"]);
    assert.deepEqual(keysOf(await consumer.get()), ["a:1", "a:2"]);
    await consumer.commit();
    assert.deepEqual(keysOf(await consumer.get()), ["a:3"]);
    await consumer.commit();
    assert.deepEqual(await consumer.get(), []);
    const { position, latest, lag, holder } = await consumer.status();
    assert.deepEqual([position, lag], [latest, 0]);
    assert.equal(typeof holder.token, "number");
    assert.equal(await consumer.unlock(), true);
    assert.equal((await consumer.status()).holder, null);
    assert.equal(await consumer.delete(), true);
    assert.deepEqual(keysOf(await consumer.get()), ["a:1", "a:2"]);
  });

  onEach("commit takes a seq, and needs one before anything has been read", async (kv) => {
    await write(kv, "a:1", "a:2", "a:3");
    const consumer = kv.consumer("c");
    await assert.rejects(consumer.commit(), { code: "invalid-argument" });
    const [first] = await consumer.get();
    await consumer.commit(first.seq);
    assert.deepEqual(keysOf(await consumer.get()), ["a:2", "a:3"]);
  });

  onEach("type and prefix choose changes, and the others do not count as lag", async (kv) => {
    await write(kv, "a:1", "b:1", "a:2", "b:2");
    const types = kv.consumer("types", { type: "a" });
    assert.deepEqual(keysOf(await types.get()), ["a:1", "a:2"]);
    await types.commit();
    assert.equal((await types.status()).lag, 0);
    const prefixes = kv.consumer("prefixes", { prefix: "b:", limit: 1 });
    assert.deepEqual(keysOf(await prefixes.get()), ["b:1"]);
    await prefixes.commit();
    assert.deepEqual(keysOf(await prefixes.get()), ["b:2"]);
  });

  onEach("one at a time holds it, and a former holder cannot commit", async (kv, another) => {
    await write(kv, "a:1", "a:2");
    const former = kv.consumer("c", { lockDuration: "500ms", id: "former" });
    const next = another().consumer("c", { id: "next" });
    const [first] = await former.get();
    assert.match((await next.status()).holder.owner, /^former-\d+$/);
    await assert.rejects(next.get(), conflict);
    await assert.rejects(next.commit(first.seq), conflict);
    await until(async () => (await next.status()).holder === null);
    await next.get();
    await assert.rejects(former.commit(), conflict);
    await next.commit();
    assert.equal((await next.status()).lag, 0);
    assert.equal(await former.unlock(), false);
    assert.match((await former.status()).holder.owner, /^next-/);
  });

  onEach("wrong options are refused at once", async (kv) => {
    for (const options of [
      { commit: "all" },
      { limit: 1.5 },
      { type: 1 },
      { from: 1 },
      { lockDuration: "soon" },
      { signal: 1 },
    ]) {
      assert.throws(() => kv.consumer("c", options), { code: "invalid-argument", op: "consumer" });
    }
    assert.throws(() => kv.consumer(""), { code: "invalid-argument" });
  });
});

describe("consumer, iterated over", () => {
  onEach("commits a batch when the next is asked for, and waits for more", async (kv, another) => {
    await write(kv, "a:1", "a:2", "a:3");
    const seen = [];
    const positions = [];
    for await (const batch of kv.consumer("c", { limit: 2 })) {
      positions.push((await kv.consumers.status("c")).position);
      seen.push(batch);
      if (seen.length === 2) setTimeout(() => void write(another(), "a:4"), 1);
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen.map(keysOf), [["a:1", "a:2"], ["a:3"], ["a:4"]]);
    assert.deepEqual(positions, [0, seen[0][1].seq, seen[1][0].seq]);
    // The last batch was left.
    const { position, holder } = await kv.consumers.status("c");
    assert.deepEqual([position, holder], [seen[1][0].seq, null]);
  });

  onEach("each gives single changes and commits each", async (kv) => {
    await write(kv, "a:1", "a:2", "a:3");
    const seen = [];
    for await (const change of kv.consumer("c", { commit: "each" })) {
      seen.push(change);
      if (seen.length === 3) break;
      assert.equal((await kv.consumers.status("c")).position, seen.at(-2)?.seq ?? 0);
    }
    assert.deepEqual(keysOf(seen), ["a:1", "a:2", "a:3"]);
    assert.equal((await kv.consumers.status("c")).position, seen[1].seq);
  });

  onEach("none leaves committing to the loop", async (kv) => {
    await write(kv, "a:1", "a:2", "a:3");
    const consumer = kv.consumer("c", { commit: "none", limit: 1 });
    const seen = [];
    for await (const batch of consumer) {
      seen.push(...keysOf(batch));
      if (seen.length === 2) await consumer.commit();
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen, ["a:1", "a:2", "a:3"]);
    assert.deepEqual(keysOf(await consumer.get()), ["a:3"]);
  });

  onEach("commits past changes that are not meant for it", async (kv) => {
    await write(kv, "a:1", "b:1");
    const end = new AbortController();
    const reading = (async () => {
      const seen = [];
      for await (const batch of kv.consumer("c", { type: "a", signal: end.signal })) seen.push(...batch);
      return keysOf(seen);
    })();
    const isDone = async () => (await kv.consumers.status("c")).lag === 0;
    await until(isDone);
    await write(kv, "b:2");
    await until(isDone);
    end.abort();
    assert.deepEqual(await reading, ["a:1"]);
  });

  onEach("an error in the loop releases it, and the batch comes again", async (kv) => {
    await write(kv, "a:1");
    const fail = async () => {
      for await (const batch of kv.consumer("c")) throw new Error(`it broke at ${keysOf(batch)[0]}`);
    };
    await assert.rejects(fail(), /it broke at a:1/);
    assert.equal((await kv.consumers.status("c")).holder, null);
    await assert.rejects(fail(), /it broke at a:1/);
  });

  onEach("its signal ends it, and return does while it waits", async (kv) => {
    const end = new AbortController();
    const waiting = kv.consumer("c", { signal: end.signal })[Symbol.asyncIterator]();
    const next = waiting.next();
    await until(async () => (await kv.consumers.status("c")).holder !== null);
    end.abort();
    assert.deepEqual(await next, { value: undefined, done: true });
    const left = kv.consumer("c")[Symbol.asyncIterator]();
    const never = left.next();
    await until(async () => (await kv.consumers.status("c")).holder !== null);
    await left.return();
    assert.equal((await never).done, true);
    assert.equal((await kv.consumers.status("c")).holder, null);
    const aborted = kv.consumer("c", { signal: AbortSignal.abort() });
    assert.equal((await aborted[Symbol.asyncIterator]().next()).done, true);
    await assert.rejects(aborted.get(), { code: "cancelled" });
  });

  onEach("extends its claim, and another takes over when it ends", async (kv, another) => {
    await write(kv, "a:1", "a:2");
    const first = kv.consumer("c", { limit: 1, lockDuration: "1s" })[Symbol.asyncIterator]();
    assert.deepEqual(keysOf((await first.next()).value), ["a:1"]);
    const { until: begun } = (await kv.consumers.status("c")).holder;
    const second = another().consumer("c", { limit: 1 })[Symbol.asyncIterator]();
    const taken = second.next();
    await until(async () => (await kv.consumers.status("c")).holder.until > begun);
    assert.deepEqual(keysOf((await first.next()).value), ["a:2"]);
    await first.return();
    assert.deepEqual(keysOf((await taken).value), ["a:2"]);
    await second.return();
  });

  onEach("a former holder learns of it, and commits nothing", async (kv, another) => {
    await write(kv, "a:1");
    for (const commit of ["batch", "each", "none"]) {
      const iterator = kv.consumer(commit, { lockDuration: "300ms", commit })[Symbol.asyncIterator]();
      await iterator.next();
      // As if this process had stood still until its claim had ended.
      const { owner } = (await kv.consumers.status(commit)).holder;
      await kv.consumers.release(commit, owner);
      await another().consumers.claim(commit, "other", 60);
      await assert.rejects(iterator.next(), conflict);
      const { position, holder } = await kv.consumers.status(commit);
      assert.deepEqual([position, holder.owner], [0, "other"]);
    }
  });

  onEach("a holder that waits learns of its loss", async (kv, another) => {
    const next = kv.consumer("c", { lockDuration: "300ms" })[Symbol.asyncIterator]().next();
    await until(async () => (await kv.consumers.status("c")).holder !== null);
    const { owner } = (await kv.consumers.status("c")).holder;
    // It may learn of it before the other has taken over.
    const lost = assert.rejects(next, conflict);
    await kv.consumers.release("c", owner);
    await another().consumers.claim("c", "other", 60);
    await lost;
  });

  onEach("is read by one loop at a time", async (kv) => {
    await write(kv, "a:1");
    const consumer = kv.consumer("c");
    for await (const batch of consumer) {
      assert.equal(batch.length, 1);
      await assert.rejects(consumer.get(), conflict);
      await assert.rejects(consumer[Symbol.asyncIterator]().next(), conflict);
      break;
    }
    assert.equal((await consumer.get()).length, 1);
  });

  onEach("many readers of one name read each change once, in order", async (kv, another) => {
    const keys = Array.from({ length: 50 }, (_, index) => `a:${String(index)}`);
    const end = new AbortController();
    const seen = [];
    const read = async () => {
      // Each turn reads a few, and leaves the consumer to the others.
      while (!end.signal.aborted) {
        const consumer = another().consumer("c", { limit: 3, signal: end.signal });
        let isSecond = false;
        for await (const batch of consumer) {
          if (isSecond) break;
          seen.push(...keysOf(batch));
          isSecond = true;
        }
      }
    };
    const readers = [read(), read(), read()];
    await write(kv, ...keys);
    await until(() => seen.length >= keys.length);
    await until(async () => (await kv.consumers.status("c")).lag <= 3);
    end.abort();
    await Promise.all(readers);
    assert.deepEqual(seen, keys);
  });
});
