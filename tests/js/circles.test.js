// Makers of `getOrSet` that wait for one another, also across their first `await` and across callers that began apart.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { connect } from "omnikv";

const pause = () => new Promise((resolve) => setImmediate(resolve));

describe("makers that wait for one another", { timeout: 60_000 }, () => {
  it("are refused when callers that began apart close the ring", async () => {
    const kv = await connect("memory:");
    for (const ring of [["k"], ["a", "b"], ["x", "y", "z"]]) {
      const asks = (index) => async () => {
        await pause();
        return kv.getOrSet(ring[(index + 1) % ring.length], async () => "never");
      };
      const all = await Promise.allSettled(ring.map((key, index) => kv.getOrSet(key, asks(index))));
      for (const { reason } of all) {
        assert.equal(reason?.code, "invalid-argument");
        for (const key of ring) assert.ok(reason.message.includes(`"${key}"`), reason.message);
      }
      // Every key can be made again.
      const again = await Promise.all(ring.map((key) => kv.getOrSet(key, () => key)));
      assert.deepEqual(again, ring);
    }
    await kv.close();
  });

  it("are told from those that share what others make, whoever asks", async () => {
    const kv = await connect("memory:");
    const slow = (value) => async () => {
      await pause();
      return value;
    };
    const both = async () => {
      const [one, two] = await Promise.all([kv.getOrSet("c", slow("c")), kv.getOrSet("c", slow("other"))]);
      return one + two;
    };
    const got = Promise.all([kv.getOrSet("a", both), kv.getOrSet("b", both), kv.getOrSet("c", slow("c"))]);
    assert.deepEqual(await got, ["cc", "cc", "c"]);
    // What a maker has begun and left may ask later for what it has made.
    let later;
    await kv.getOrSet("d", async () => {
      later = pause()
        .then(pause)
        .then(() => kv.getOrSet("d", () => "other"));
      return "d";
    });
    assert.equal(await later, "d");
    await kv.close();
  });

  it("end after their wait where nothing follows what a function goes on with", async () => {
    const program = `
      delete process.getBuiltinModule;
      process.getBuiltinModule = undefined;
      const { connect } = await import("omnikv");
      const kv = await connect("memory:");
      const ask = (key, wait) => () => Promise.resolve().then(() => kv.getOrSet(key, () => "never", { wait }));
      const rings = [
        kv.getOrSet("k", ask("k", "50ms")),
        Promise.all([kv.getOrSet("a", ask("b", "50ms")), kv.getOrSet("b", ask("a", "1h"))]),
        kv.getOrSet("n", () => kv.getOrSet("n", () => "never")),
      ];
      const told = await Promise.allSettled(rings);
      console.log(told.map(({ reason }) => reason?.code).join());`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", program],
      {
        cwd: new URL(".", import.meta.url),
      },
    );
    assert.equal(stdout.trim(), "timeout,timeout,invalid-argument");
  });
});
