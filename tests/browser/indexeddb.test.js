// `indexeddb:` in Chromium: every conformance case, several tabs, reloads, workers, and everything that can go wrong.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { suite } from "../js/suite.js";
import { launch, open } from "./chromium.js";
import { origin } from "./indexeddb/origin.js";
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

  it("a full quota is an error, and nothing is lost", async (t) => {
    const [page] = await tabs(t, 1);
    const devtools = await page.context().newCDPSession(page);
    const limit = (quotaSize) =>
      devtools.send("Storage.overrideQuotaForOrigin", { origin: site.url.slice(0, -1), quotaSize });
    await limit(3 << 20);
    const result = await page.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      // Chromium compresses what it stores.
      const value = new Uint8Array(200 << 10);
      for (let at = 0; at < value.length; at += 1 << 16) {
        crypto.getRandomValues(value.subarray(at, at + (1 << 16)));
      }
      let stored = 0;
      for (; stored < 100; stored++) {
        const failure = await failureOf(kv.mset({ [`a${stored}`]: value, [`b${stored}`]: value }));
        if (failure !== "no failure") {
          const lengths = [];
          for (const key of await kv.keys("*")) lengths.push(await kv.strlen(key));
          return { failure, stored, lengths };
        }
      }
      return { stored };
    });
    const { message, ...failure } = result.failure;
    assert.deepEqual(failure, {
      code: "out-of-memory",
      maybeApplied: false,
      cause: "QuotaExceededError",
    });
    assert.match(message, /^mset \(database\) app has reached the browser's quota/);
    assert(result.stored > 0);
    assert.deepEqual(result.lengths, Array(2 * result.stored).fill(200 << 10));
    const ofRecords = await page.evaluate(async () => {
      const kv = await omnikv.connect("indexeddb:app");
      const code = await failureOf(kv.records.put("doc", 0, crypto.randomUUID().repeat(20_000)));
      return [code.code, await kv.records.count(), await kv.changes.latest()];
    });
    assert.deepEqual(ofRecords, ["out-of-memory", 0, 0]);
    await limit(100 << 20);
    assert.equal(
      await page.evaluate(() => omnikv.connect("indexeddb:app").then((kv) => kv.set("more", "x"))),
      "OK",
    );
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

  it("a database of a newer version ends the store, and is not opened", async (t) => {
    const [page, other] = await tabs(t, 2);
    await page.evaluate(async () => {
      globalThis.kv = await omnikv.connect("indexeddb:app");
      await kv.set("a", "1");
    });
    // The upgrade would be blocked if the store did not close its connection.
    await other.evaluate(async () => (await asked(indexedDB.open("app", 99))).close());
    const failures = await page.evaluate(async () => [
      await failureOf(kv.get("a")),
      await failureOf(omnikv.connect("indexeddb:app")),
    ]);
    assert.deepEqual(
      failures.map(({ code, message }) => [code, message]),
      [
        [
          "closed",
          "get (database) app was changed by a newer version of omnikv in another tab: reload the page",
        ],
        [
          "unsupported",
          "connect (database) app was made by a newer version of omnikv: reload the page, or update omnikv",
        ],
      ],
    );
  });

  it("a database of the first version is taken over", async (t) => {
    const [page, other] = await tabs(t, 2);
    /** Makes a database as the first version did. */
    const first = async () => {
      const request = indexedDB.open("app", 1);
      request.onupgradeneeded = () => {
        const entries = request.result.createObjectStore("entries");
        entries.createIndex("deadline", "deadline");
        const value = new TextEncoder().encode("kept");
        entries.put({ value, type: "string", version: 7 }, new TextEncoder().encode("a"));
        request.result.createObjectStore("numbers").put(7, "version");
      };
      globalThis.old = await asked(request);
    };
    const use = async () => {
      const kv = await omnikv.connect("indexeddb:app");
      await kv.records.put("doc", 0, 1);
      return [await kv.get("a"), await kv.incr("n"), (await kv.records.get("doc")).stamp];
    };
    await other.evaluate(first);
    // A tab that does not make room is waited for, but not for ever.
    const failure = await page.evaluate(() => failureOf(omnikv.connect("indexeddb:app")));
    assert.equal(failure.code, "unavailable");
    assert.match(
      failure.message,
      /^connect \(database\) app cannot be opened: another tab keeps an older form/,
    );
    await other.close();
    assert.deepEqual(await page.evaluate(use), ["kept", 1, 1]);
  });

  it("a database of another program is left alone", async (t) => {
    const [page] = await tabs(t, 1);
    const result = await page.evaluate(async () => {
      const codes = [];
      for (const version of [1, 2, 50]) {
        const request = indexedDB.open(`other-${version}`, version);
        request.onupgradeneeded = () => request.result.createObjectStore("theirs").put("data", "key");
        (await asked(request)).close();
        codes.push((await failureOf(omnikv.connect(`indexeddb:other-${version}`))).code);
        const database = await asked(indexedDB.open(`other-${version}`));
        const data = await asked(database.transaction("theirs").objectStore("theirs").get("key"));
        codes.push(database.version, [...database.objectStoreNames].join(), data);
        database.close();
      }
      return codes;
    });
    const theirs = (version) => ["invalid-argument", version, "theirs", "data"];
    assert.deepEqual(result, [...theirs(1), ...theirs(2), ...theirs(50)]);
  });

  it("a database that is deleted is made anew", async (t) => {
    const [page, other] = await tabs(t, 2);
    const found = await page.evaluate(async () => {
      globalThis.kv = await omnikv.connect("indexeddb:app");
      await kv.set("a", "1");
      return kv.get("a");
    });
    await other.evaluate(() => asked(indexedDB.deleteDatabase("app")));
    assert.deepEqual([found, await page.evaluate(() => kv.get("a"))], ["1", null]);
    assert.equal(await page.evaluate(() => kv.set("a", "2").then(() => kv.get("a"))), "2");
  });

  it("a page that may not store anything is told so", async () => {
    // A page without an origin.
    const page = await open(browser, new URL("indexeddb/page.js", import.meta.url));
    const failure = await page.evaluate(() => failureOf(omnikv.connect("indexeddb:app")));
    assert.equal(failure.code, "unavailable");
    assert.match(
      failure.message,
      /^connect \(database\) app cannot be opened: the browser does not let this page/,
    );
    await page.close();
  });

  it("a faulty URL is refused", async (t) => {
    const [page] = await tabs(t, 1);
    const codes = await page.evaluate(async () => {
      const urls = ["indexeddb:", "indexeddb:app?durability=full", "indexeddb:app?timeout=1"];
      const failures = await Promise.all(urls.map((url) => failureOf(omnikv.connect(url))));
      const strict = await omnikv.connect("indexeddb:app?durability=strict");
      return [...failures.map(({ code }) => code), await strict.set("a", "1")];
    });
    assert.deepEqual(codes, ["invalid-argument", "invalid-argument", "invalid-argument", "OK"]);
  });
});
