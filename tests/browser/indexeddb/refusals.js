// Tests of what can go wrong: a full quota, databases of other versions and programs, pages that may not store anything.

import assert from "node:assert/strict";
import { it } from "node:test";
import { open } from "../chromium.js";

/** Creates the tests; `tabs(t, count)` opens tabs, and `host` has the browser and the site once they run. */
export function refusals(tabs, host) {
  it("a full quota is an error, and nothing is lost", async (t) => {
    const [page] = await tabs(t, 1);
    const devtools = await page.context().newCDPSession(page);
    const limit = (quotaSize) =>
      devtools.send("Storage.overrideQuotaForOrigin", { origin: host.site.url.slice(0, -1), quotaSize });
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
    const page = await open(host.browser, new URL("page.js", import.meta.url));
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
}
