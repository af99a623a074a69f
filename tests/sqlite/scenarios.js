// What a SQLite file must survive and promise, as a program for any runtime: `scenarios.js name`. It ends with an error
// if a promise is not kept. sqlite.test.js starts it.

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "omnikv";
import { held, raw, start } from "./raw.js";

const refusal = (promise) =>
  promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );

const SCENARIOS = {
  async "other programs see the values, and what they write is read"({ url, path }) {
    const kv = await connect(url);
    await kv.set("a", "Alice");
    await kv.set("empty", "");
    const other = raw(path);
    assert.equal(other.one("SELECT CAST(value AS TEXT) FROM omnikv WHERE key = 'a'"), "Alice");
    assert.equal(await kv.get("empty"), "");
    other.exec("INSERT INTO omnikv (key, value) VALUES ('b', 'Bob'), ('c', CAST(x'ff004200' AS TEXT))");
    assert.equal(await kv.append("b", "by"), 5);
    assert.deepEqual([...(await kv.get("c", { as: "bytes" }))], [255, 0, 66, 0]);
    other.exec("INSERT INTO omnikv (key, value) VALUES ('d', 1.5)");
    assert.equal((await refusal(kv.get("d"))).code, "invalid-value");
    await kv.set("e\0f", "odd");
    assert.deepEqual(await kv.keys("e?f"), ["e\0f"]);
    other.close();
    await kv.close();
  },

  async "records keep their names, and processes share them"({ url, path }) {
    const kv = await connect(url);
    await kv.records.put("a\0b", -1, { by: "one" }, { type: "t\0" });
    const { key, type } = await kv.records.get("a\0b");
    assert.deepEqual([key, type], ["a\0b", "t\0"]);
    const other = start("count.js", url, "4", "5");
    other.process.stdout.resume();
    for (let round = 0; round < 50; round++) await kv.records.put("r", -1, { round });
    assert.equal(await other.ended, 0);
    assert.deepEqual((await kv.records.get("r")).value, { round: 49 });
    const database = raw(path);
    assert.equal(database.one("SELECT value ->> 'round' FROM omnikv_records WHERE key = 'r'"), 49);
    database.close();
    await kv.close();
  },

  async "integers beyond 2^53 keep their digits"({ url, path }) {
    const kv = await connect(url, { clock: () => 1000 });
    const other = raw(path);
    other.exec("UPDATE omnikv_commits SET number = 9007199254740993");
    await kv.set("a", 1);
    const [deadline, version] = ["9007199254740995", "9007199254740994"];
    other.exec(`INSERT INTO omnikv (key, value, deadline) VALUES ('b', x'31', ${deadline})`);
    const kept = (column, key) =>
      other.one(`SELECT CAST(${column} AS TEXT) FROM omnikv WHERE key = '${key}'`);
    assert.equal(kept("version", "a"), version);
    assert.equal(await kv.incr("b"), 2);
    assert.equal(kept("deadline", "b"), deadline);
    assert.equal(kept("typeof(deadline)", "b"), "integer");
    other.close();
    await kv.close();
  },

  async "handles on one file share it, and the last one closes it"({ url, path }) {
    const first = await connect(url, { prefix: "one" });
    const second = await connect(`sqlite:${join(path, "..", ".", "kv.db")}`);
    await first.set("a", 1);
    assert.equal(await second.get("one:a"), "1");
    const started = first.incr("a");
    await first.close();
    assert.equal(await started, 2, "what has been started is finished");
    assert(existsSync(`${path}-wal`), "the other handle keeps it open");
    assert.equal(await second.get("one:a"), "2");
    const last = second.incr("n");
    await second.close();
    assert.equal(await last, 1);
    assert(!existsSync(`${path}-wal`), "the last connection takes the log along");
    assert.equal((await refusal(first.get("a"))).code, "closed");
    const again = await connect(url);
    assert.equal(await again.get("n"), "1");
    await again.close();
  },

  async "a failure in a shared transaction is isolated"({ url, path }) {
    const kv = await connect(url);
    const other = raw(path);
    // SQLite undoes either the statement or, as with a full disk, the whole transaction.
    for (const [round, harm] of ["ABORT", "ROLLBACK"].entries()) {
      other.exec(
        `CREATE TRIGGER harm BEFORE INSERT ON omnikv WHEN new.key = 'bad' BEGIN SELECT RAISE(${harm}, 's3cret'); END`,
      );
      const [before, bad, after] = await Promise.all([
        kv.incr("before"),
        refusal(kv.set("bad", 1)),
        kv.incr("after"),
      ]);
      assert.deepEqual([before, after], [round + 1, round + 1]);
      assert.equal(bad.code, "internal");
      assert(!String(bad.stack).includes("s3cret"), "messages of SQLite may quote values");
      assert.equal(await kv.exists("bad"), false);
      other.exec("DROP TRIGGER harm");
    }
    other.close();
    await kv.close();
  },

  async "callers of one turn share a transaction"({ url, path }) {
    const kv = await connect(url);
    const other = raw(path);
    // A transaction that reads sees all of them or none.
    const versions = () => other.one("SELECT COUNT(*) FROM omnikv");
    const seen = new Set();
    const calls = Array.from({ length: 50 }, async (_, at) => {
      await kv.set(`k${at}`, 1);
      seen.add(Number(versions()));
    });
    await Promise.all(calls);
    assert.deepEqual([...seen], [50]);
    other.close();
    await kv.close();
  },

  async "while another process holds the lock, reads go on and writes wait"({ url, path }) {
    const kv = await connect(url);
    const release = await held(path);
    let isDone = false;
    const writes = Promise.all([kv.incr("a"), kv.incr("b")]).finally(() => (isDone = true));
    for (let round = 0; round < 5; round++) {
      assert.equal(await kv.get("a"), null, "reading needs no lock, and nobody blocks the event loop");
      await sleep(10);
    }
    assert(!isDone);
    const opening = connect(`${url}?timeout=60`);
    // An aborted call does nothing.
    const aborting = new AbortController();
    const aborted = refusal(kv.set("c", 1, { signal: aborting.signal }));
    await sleep(10);
    aborting.abort();
    const { code, maybeApplied } = await aborted;
    assert.deepEqual([code, maybeApplied], ["cancelled", false]);
    await release();
    assert.deepEqual(await writes, [1, 1]);
    const opened = await opening;
    assert.equal(await opened.get("c"), null);
    await opened.close();
    await kv.close();
  },

  async "a lock that is held too long is a timeout"({ url, path }) {
    const short = `${url}?timeout=0.05`;
    const [kv, byOption] = [await connect(short), await connect(url, { timeout: "50ms" })];
    const release = await held(path);
    const opening = connect(`sqlite:${join(path, "..", "other", "..", "kv.db")}?timeout=0.05`);
    assert.equal(await (await opening).get("a"), null, "the file is open already");
    await (await opening).close();
    for (const call of [kv.incr("a"), byOption.incr("a")]) {
      const error = await refusal(call);
      assert.deepEqual([error.code, error.backend, error.retryable], ["timeout", "sqlite", true]);
      assert(error.message.includes("?timeout=SECONDS"), error.message);
    }
    await kv.close();
    await byOption.close();
    assert.equal((await refusal(connect(short))).code, "timeout", "opening waits as long");
    await release();
    const after = await connect(short);
    assert.equal(await after.incr("a"), 1);
    await after.close();
  },

  async "processes and handles add up"({ url }) {
    const kv = await connect(url);
    const others = [start("count.js", url, "8", "25"), start("count.js", url, "8", "25")];
    await Promise.all(Array.from({ length: 200 }, () => kv.incr("sum")));
    for (const { process: each, ended } of others) {
      each.stdout.resume();
      assert.equal(await ended, 0);
    }
    assert.equal(await kv.get("sum"), "600");
    await kv.close();
  },

  async "a process that is killed under load loses no acknowledged write"({ url }) {
    const [callers, rounds] = [8, 3];
    const acknowledged = new Array(callers).fill(0);
    for (let round = 0; round < rounds; round++) {
      const { process: writer, ended, line } = start("count.js", url, String(callers), "1000000");
      let lines = 0;
      for (let each = await line(); each !== undefined; each = await line()) {
        const [caller, count] = each.split(" ").map(Number);
        // The last line may be cut.
        if (count > acknowledged[caller]) acknowledged[caller] = count;
        if (++lines === 300) writer.kill("SIGKILL");
      }
      await ended;
      assert(lines >= 300);
      const kv = await connect(url);
      const kept = (await kv.mget(acknowledged.map((_, at) => `counter:${at}`))).map(Number);
      const sum = Number(await kv.get("sum"));
      assert(
        kept.every((count, at) => count >= acknowledged[at]),
        `${kept} are kept of ${acknowledged}`,
      );
      const total = kept.reduce((all, each) => all + each, 0);
      assert(sum >= total && sum <= total + callers * (round + 1), `${sum} calls came before ${total}`);
      await kv.close();
    }
  },

  async "failures say what to do"({ url, path, folder }) {
    writeFileSync(path, "x".repeat(4096));
    const broken = await refusal(connect(url));
    assert.deepEqual([broken.code, broken.backend], ["unavailable", "sqlite"]);
    assert(broken.message.includes("is no SQLite database"), broken.message);
    for (const where of [join(folder, "s3cret", "kv.db"), folder]) {
      const nowhere = await refusal(connect(`sqlite:${where}`));
      assert.equal(nowhere.code, "unavailable");
      assert(nowhere.message.includes("cannot be opened"), nowhere.message);
      assert(!nowhere.message.includes("s3cret"));
    }
    for (const wrong of ["", "timeout=0", "timeout=soon", "mode=ro", "synchronous=off"]) {
      const path = wrong && `:memory:?${wrong}`;
      assert.equal((await refusal(connect(`sqlite:${path}`))).code, "invalid-argument", wrong);
    }
    assert.equal((await refusal(connect(url, { maxKeys: 1 }))).code, "unsupported");
  },

  async "handles on a file agree on synchronous"({ url }) {
    const kv = await connect(`${url}?synchronous=full`);
    await kv.set("a", 1);
    for (const other of [url, `${url}?synchronous=normal`]) {
      assert.equal((await refusal(connect(other))).code, "invalid-argument");
    }
    const same = await connect(`${url}?synchronous=full`);
    await kv.close();
    assert.equal(await same.get("a"), "1");
    await same.close();
    const later = await connect(url);
    assert.equal(await later.get("a"), "1");
    await later.close();
  },

  async "without permission nothing is written"({ folder }) {
    const [empty, full] = [join(folder, "empty"), join(folder, "full")];
    for (const each of [empty, full]) mkdirSync(each);
    const kv = await connect(`sqlite:${join(full, "kv.db")}`);
    await kv.set("a", 1);
    await kv.close();
    chmodSync(folder, 0o755);
    for (const each of [empty, full]) chmodSync(each, 0o555);
    chmodSync(join(full, "kv.db"), 0o444);
    // Permissions do not bind root.
    if (process.getuid() === 0) process.setuid(65_534);
    assert.equal((await refusal(connect(`sqlite:${join(empty, "kv.db")}`))).code, "unavailable");
    const { code } = await refusal(connect(`sqlite:${join(full, "kv.db")}`));
    assert(["permission-denied", "unavailable"].includes(code), code);
  },

  async "a memory database is private"() {
    const [first, second] = [await connect("sqlite::memory:"), await connect("sqlite::memory:")];
    await first.set("a", 1);
    assert.equal(await second.get("a"), null);
    await second.flush({ all: true });
    assert.equal(await first.get("a"), "1");
    await first.close();
    await second.close();
  },

  async "what is written once over all stores works here"({ url }) {
    const kv = await connect(url, { serializer: "json" });
    const makers = await Promise.all(
      Array.from({ length: 10 }, () => kv.getOrSet("made", () => sleep(5, { by: "one" }))),
    );
    assert.deepEqual(makers[9], { by: "one" });
    await kv.hset("h", { a: [1] });
    await kv.set("t", 1, { ttl: 100 });
    const entries = [];
    for await (const entry of kv.entries()) entries.push(entry);
    const copy = await connect("sqlite::memory:", { serializer: "json" });
    await copy.load(entries);
    assert.deepEqual(await copy.hgetall("h"), { a: [1] });
    assert((await copy.ttl("t")) > 0);
    const { keys, expiringKeys } = await copy.stats();
    assert.deepEqual([keys, expiringKeys], [3, 1]);
    const results = await kv.multi().check("t", 1).set("t", 2).incr("n").exec();
    assert.deepEqual([results.length, await kv.get("t")], [2, 2]);
    await copy.close();
    await kv.close();
  },
};

export const NAMES = Object.keys(SCENARIOS);

const [name] = process.argv.slice(2);
if (name in SCENARIOS) {
  const folder = mkdtempSync(join(tmpdir(), "omnikv-sqlite-"));
  process.on("exit", () => {
    try {
      rmSync(folder, { recursive: true });
    } catch {
      // A scenario may have given its permissions up.
    }
  });
  const path = join(folder, "kv.db");
  await SCENARIOS[name]({ folder, path, url: `sqlite:${path}` });
  console.log("kept");
}
