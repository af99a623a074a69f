// `indexeddb:` in Chromium: every conformance case, several tabs, reloads, workers, and everything that can go wrong.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { suite } from "../js/suite.js";
import { launch } from "./chromium.js";
import { origin } from "./indexeddb/origin.js";
import { refusals } from "./indexeddb/refusals.js";
import { recordsInTabs } from "./indexeddb/tabs.js";

/** How many calls of the comparison with memory; INDEXEDDB_CALLS and OMNIKV_SEED repeat or extend a run. */
const CALLS = Number(process.env.INDEXEDDB_CALLS ?? 3_000);
const SEED = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);

describe("indexeddb: in Chromium", () => {
  let browser;
  let site;
  before(async () => {
    [browser, site] = await Promise.all([launch(), origin()]);
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  /** So many tabs of a browser without data. */
  async function tabs(t, count) {
    const context = await browser.newContext();
    t.after(() => context.close());
    return Promise.all(Array.from({ length: count }, () => site.open(context)));
  }

  describe("conformance", () => {
    let page;
    before(async () => {
      page = await site.open(await browser.newContext());
    });
    const run = (cases) => page.evaluate((cases) => globalThis.runCases(cases), JSON.stringify(cases));
    suite({ host: "Chromium", backend: "indexeddb", run });
  });

  for (const subject of ["keys", "records"]) {
    it(`answers like memory: ${subject} (OMNIKV_SEED=${SEED} repeats it)`, async (t) => {
      const [page] = await tabs(t, 1);
      const difference = await page.evaluate((given) => globalThis.compare(...given), [subject, SEED, CALLS]);
      assert.equal(difference, undefined);
    });
  }

  it(`copyStore copies into it and out of it (OMNIKV_SEED=${SEED} repeats it)`, async (t) => {
    const [page] = await tabs(t, 1);
    const difference = await page.evaluate((seed) => globalThis.copy(seed), SEED);
    assert.equal(difference, undefined);
  });

  it("two tabs that increment a number count each call once", async (t) => {
    const pages = await tabs(t, 2);
    const count = async () => {
      const kv = await omnikv.connect("indexeddb:app");
      const replies = [];
      // Several callers in each tab, too.
      const caller = async () => {
        for (let time = 0; time < 25; time++) replies.push(await kv.incr("n"));
      };
      await Promise.all([caller(), caller(), caller(), caller()]);
      return replies;
    };
    const replies = (await Promise.all(pages.map((page) => page.evaluate(count)))).flat();
    assert.deepEqual(
      replies.toSorted((a, b) => a - b),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it("of two tabs that swap a value, one wins each round", async (t) => {
    const pages = await tabs(t, 2);
    const swap = async (tab) => {
      const kv = await omnikv.connect("indexeddb:app");
      const won = [];
      for (let round = 0; round < 100; round++) {
        if (await kv.compareAndSet(`round ${round}`, null, tab)) won.push(round);
      }
      return won;
    };
    const won = await Promise.all(pages.map((page, tab) => page.evaluate(swap, `tab ${tab}`)));
    assert.deepEqual(
      won.flat().toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, round) => round),
    );
    const kept = await pages[0].evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      const rounds = Array.from({ length: 100 }, (_, round) => `round ${round}`);
      return kv.mget(rounds);
    });
    for (const [tab, rounds] of won.entries()) {
      for (const round of rounds) assert.equal(kept[round], `tab ${tab}`);
    }
  });

  describe("records in two tabs", () => recordsInTabs(tabs));

  it("a reload keeps the data and the TTLs", async (t) => {
    const [page] = await tabs(t, 1);
    await page.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app", { clock: () => 1_700_000_000_000 });
      await kv.mset({ a: "1", b: "2" });
      await kv.rpush("list", "x", "y");
      await kv.set("short", "lived", { ttl: 60 });
      await kv.records.put("doc", 0, { n: 1 }, { ttl: 60 });
      await kv.records.put("doc", 1, { n: 2 }, { keepTtl: true });
      await kv.tasks.create({ name: "later", id: "t", scheduledFor: "1m" });
    });
    await site.load(page);
    const kept = await page.evaluate(async () => {
      let now = 1_700_000_059_000;
      const kv = await omnikv.connect("indexeddb:app", { clock: () => now });
      const before = [await kv.mget("a", "b"), await kv.lrange("list", 0, -1), await kv.ttl("short")];
      before.push((await kv.records.get("doc")).value, await kv.tasks.lock("w", 60, ["later"]));
      now += 1_000;
      const actions = async () => (await kv.changes.read()).map(({ action }) => action);
      return [
        ...before,
        await kv.get("short"),
        await kv.keys("*"),
        await kv.records.get("doc"),
        await actions(),
        (await kv.tasks.lock("w", 60, ["later"])).id,
      ];
    });
    assert.deepEqual(kept, [
      ["1", "2"],
      ["x", "y"],
      1,
      { n: 2 },
      null,
      null,
      ["a", "b", "list"],
      null,
      ["create", "update", "delete"],
      "t",
    ]);
  });

  it("a tab that is closed during a commit leaves all of it or nothing", async (t) => {
    const [page] = await tabs(t, 1);
    let wereWhole = 0;
    for (let round = 0; round < 8; round++) {
      const other = await site.open(page.context());
      // The call is not waited for.
      await other.evaluate(async (round) => {
        const kv = await omnikv.connect("indexeddb:app");
        kv.mset(Array.from({ length: 300 }, (_, index) => [`${round}:${index}`, "x".repeat(2_000)]));
        await new Promise((resolve) => setTimeout(resolve, round * 4));
      }, round);
      await other.close();
      const count = await page.evaluate(
        (round) => omnikv.connect("indexeddb:app").then((kv) => kv.count(`${round}:`)),
        round,
      );
      assert([0, 300].includes(count), `${count} of 300`);
      wereWhole += count / 300;
    }
    t.diagnostic(`${wereWhole} of 8 commits were complete`);
  });

  it("other code of the page can read what is stored", async (t) => {
    const [page] = await tabs(t, 1);
    const found = await page.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app", { clock: () => 1_700_000_000_000 });
      await kv.set("user:1", "Ada", { ttl: 60 });
      await kv.hset("settings", { theme: "dark" });
      const database = await asked(indexedDB.open("app"));
      const entries = database.transaction("entries").objectStore("entries");
      const read = async (key) => {
        const { value, ...rest } = await asked(entries.get(new TextEncoder().encode(key)));
        return { ...rest, value: new TextDecoder().decode(value) };
      };
      const both = [await read("user:1"), await read("settings")];
      database.close();
      return both;
    });
    assert.deepEqual(found, [
      { value: "Ada", type: "string", deadline: 1_700_000_060_000, version: 1 },
      { value: '{"theme":"dark"}', type: "hash", version: 2 },
    ]);
  });

  it("expired entries are removed in steps", async (t) => {
    const [page] = await tabs(t, 1);
    const counts = await page.evaluate(async () => {
      let now = 1_700_000_000_000;
      const kv = await omnikv.connect("indexeddb:app", { clock: () => now });
      for (let index = 0; index < 200; index++) await kv.set(`${index}`, "x", { ttl: 1 });
      now += 1_000;
      const database = await asked(indexedDB.open("app"));
      const counts = [];
      for (let time = 0; time < 5; time++) {
        counts.push(await asked(database.transaction("entries").objectStore("entries").count()));
        await kv.set("new", "x");
      }
      database.close();
      return counts;
    });
    assert.deepEqual(counts, [200, 137, 73, 9, 1]);
  });

  it("runs in workers and service workers", async (t) => {
    const [page] = await tabs(t, 1);
    const replies = await page.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:service");
      await kv.incr("requests");
      const source = `
        import "${location.href}program.js";
        const kv = await omnikv.connect("indexeddb:service");
        postMessage(await kv.incr("requests"));`;
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const worker = new Worker(url, { type: "module" });
      const fromWorker = await new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
      });
      await navigator.serviceWorker.register("/service.js", { type: "module" });
      await navigator.serviceWorker.ready;
      return [fromWorker];
    });
    await site.load(page);
    const count = () => page.evaluate(() => fetch("/count").then((response) => response.text()));
    assert.deepEqual([...replies, await count(), await count()], [2, "3", "4"]);
  });

  describe("what can go wrong", () =>
    refusals(tabs, {
      get browser() {
        return browser;
      },
      get site() {
        return site;
      },
    }));
});
