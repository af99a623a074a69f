// Faults between the npm package and a server, over HTTP and over TCP, like tests/faults.rs: no acknowledged write is
// lost, nothing wrongly happens twice, nothing hangs, and no secret is shown.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { connect } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { FAULTS, HTTP_FAULTS, httpProxy, tcpProxy } from "./fault-proxy.js";
import { startRedis } from "./redis-server.js";

const TOKEN = "t0p-s3cret";
const VALUE = "value-of-a-user";

/** The timeout of an operation that gets no answer, and of all others, long enough for any machine. */
const TIMEOUTS = { hurried: "1s", patient: "60s" };

/** A test that takes longer hangs. */
const PATIENCE_MS = 120_000;

/** For each protocol: its faults, the proxy, and a store without faults. */
const WAYS = {
  "upstash://": async () => {
    const direct = await connect("memory:");
    const proxy = await httpProxy(createGateway(direct, { token: TOKEN }));
    const url = `upstash+http://:${TOKEN}@${proxy.authority}`;
    return { faults: HTTP_FAULTS, direct, proxy, url, close: () => direct.close() };
  },
  "redis://": async () => {
    const redis = await startRedis("--user", "app", "on", `>${TOKEN}`, "~*", "+@all");
    const direct = await connect(redis.url);
    const proxy = await tcpProxy(redis.port);
    const close = async () => {
      await direct.close();
      await redis.close();
    };
    return { faults: FAULTS, direct, proxy, url: `redis://app:${TOKEN}@${proxy.authority}`, close };
  },
};

/** The answer or the error, which must show no secret. */
const settle = (operation) =>
  operation.then(
    (answer) => ({ answer }),
    (error) => {
      const told = inspect(error, { depth: 20, showHidden: true });
      assert(!told.includes(TOKEN) && !told.includes(VALUE), told);
      return { error };
    },
  );

for (const [way, begin] of Object.entries(WAYS)) {
  describe(`faults over ${way}`, { timeout: PATIENCE_MS }, () => {
    let world, hurried, patient;
    before(async () => {
      world = await begin();
      hurried = await connect(world.url, { timeout: TIMEOUTS.hurried });
      patient = await connect(world.url, { timeout: TIMEOUTS.patient });
      // Let them learn about the server first: that is not what is tested.
      await hurried.exists("first");
      await patient.exists("first");
    });
    after(async () => {
      await hurried?.close();
      await patient?.close();
      await world?.proxy.close();
      await world?.close();
    });

    const each = (run) => async () => {
      for (const [fault, nature] of Object.entries(world.faults)) {
        const kv = nature.isLate ? hurried : patient;
        world.proxy.meet();
        await kv.exists("first");
        await run(kv, fault, nature);
      }
    };

    it(
      "repeat what may be repeated",
      each(async (kv, fault, { isLate }) => {
        const isRefused = fault === "429 for an hour";
        world.proxy.meet(fault);
        const set = await settle(kv.set("k", `${VALUE} ${fault}`));
        world.proxy.meet();
        await kv.exists("first");
        world.proxy.meet(fault);
        const got = await settle(kv.get("k"));
        if (isLate || isRefused) {
          // The timeout is used up.
          const code = isLate ? "timeout" : "rate-limited";
          assert.deepEqual([set.error?.code, set.error?.maybeApplied], [code, isLate === true], fault);
          assert.deepEqual([got.error?.code, got.error?.maybeApplied], [code, false], fault);
          assert.equal(got.error.retryable, true);
        } else {
          assert.deepEqual([set, got], [{ answer: "OK" }, { answer: `${VALUE} ${fault}` }], fault);
        }
      }),
    );

    it(
      "do nothing twice that must not happen twice",
      each(async (kv, fault, { isDone, isHarmless }) => {
        const { direct, proxy } = world;
        await direct.set("n", 5);
        await direct.del("list");
        proxy.meet(fault);
        const counted = await settle(kv.incr("n"));
        proxy.meet();
        await kv.exists("first");
        proxy.meet(fault);
        const pushed = await settle(kv.rpush("list", VALUE));
        const [n, length] = [await direct.get("n"), await direct.llen("list")];
        if (fault === "429 for an hour") {
          for (const { error } of [counted, pushed]) {
            assert.deepEqual(
              [error.code, error.maybeApplied, error.retryable],
              ["rate-limited", false, true],
            );
          }
          assert.deepEqual([n, length], ["5", 0]);
        } else if (isHarmless) {
          assert.deepEqual([counted, pushed, n, length], [{ answer: 6 }, { answer: 1 }, "6", 1], fault);
        } else {
          for (const { error } of [counted, pushed]) {
            assert(["unavailable", "timeout"].includes(error?.code), `${fault}: ${inspect(error)}`);
            assert.deepEqual([error.maybeApplied, error.retryable], [true, false], fault);
          }
          assert.deepEqual([n, length], isDone ? ["6", 1] : ["5", 0], fault);
        }
      }),
    );

    it("lose, double and reorder nothing at random", async () => {
      const { direct, proxy, faults } = world;
      const quick = Object.keys(faults).filter(
        (fault) => !faults[fault].isLate && fault !== "429 for an hour",
      );
      const pushes = { acknowledged: [], inDoubt: [] };
      const sums = { acknowledged: [], inDoubt: [] };
      const note = (tally, id, { error }) => {
        if (error === undefined) tally.acknowledged.push(id);
        else if (error.maybeApplied) tally.inDoubt.push(id);
      };
      await direct.flush({ all: true });
      for (let id = 0; id < 120; id += 2) {
        proxy.meet(
          ...[0, 1, 2].map((turn) => (chance(id, turn) ? quick[pick(id, turn, quick.length)] : undefined)),
        );
        const all = [patient.rpush("list", id), patient.incr("n"), patient.rpush("list", id + 1)];
        const [first, sum, second] = await Promise.all(all.map(settle));
        note(pushes, id, first);
        note(sums, id, sum);
        note(pushes, id + 1, second);
      }
      proxy.meet();
      const list = (await direct.lrange("list", 0, -1)).map(Number);
      assert(
        pushes.acknowledged.every((id) => list.includes(id)),
        "a push was lost",
      );
      assert.equal(new Set(list).size, list.length, "a push was doubled");
      assert.deepEqual(
        list,
        list.toSorted((a, b) => a - b),
        "pushes were reordered",
      );
      const known = [...pushes.acknowledged, ...pushes.inDoubt];
      assert(list.every((id) => known.includes(id)));
      const n = Number(await direct.get("n"));
      const most = sums.acknowledged.length + sums.inDoubt.length;
      assert(n >= sums.acknowledged.length && n <= most, `${sums.acknowledged.length} <= ${n} <= ${most}`);
      assert(pushes.acknowledged.length > 0 && pushes.inDoubt.length > 0);
    });
  });
}

/** Pseudo-random numbers, the same in each run. */
const drawn = (id, turn) => (Math.imul(id * 3 + turn + 1, 2654435761) >>> 8) & 0xffff;
const chance = (id, turn) => drawn(id, turn) % 2 === 0;
const pick = (id, turn, length) => (drawn(id, turn) >>> 1) % length;
