// Programs: running and editing the examples, their results, and links that contain one.

import assert from "node:assert/strict";

export function withPrograms(it) {
  const chip = (page, title) => page.locator("#examples").getByRole("button", { name: title, exact: true });
  const source = (page) => page.locator("#program-source");
  const run = (page) => page.getByRole("button", { name: "Run the program", exact: true });
  const blocks = (page) => page.locator("#log .block");

  /** Runs a program and returns its output once it has ended. */
  async function ran(page, text) {
    const before = await blocks(page).count();
    await source(page).fill(text);
    await run(page).click();
    const block = blocks(page).nth(before);
    await block.waitFor();
    await run(page).waitFor();
    await block.locator(".entry.note, .entry.error, .entry.result").first().waitFor();
    return block;
  }

  const examples = {
    "Start here": /seconds left: 60[^]*{ name: "Ada", visits: "42" } ?object/,
    Session:
      /signed in: { userId: 42[^]*seconds left: 1800[^]*signed out: { error: "Session not found or expired" }/,
    "Page views":
      /\/home: 3[^]*\/contact: 0[^]*ranking: \[{ url: "\/home", views: 3 }, { url: "\/about", views: 1 }\]/,
    "Task queue": /done: mail for user@example.com[^]*done: report 42[^]*the queue is empty: 0/,
    "Rate limit":
      /request 1: { allowed: true, remaining: 9 }[^]*request 10: { allowed: true, remaining: 0 }[^]*request 11: { allowed: false, remaining: 0 }/,
    "One-time password":
      /a wrong code: false[^]*the right code: true[^]*the same again: false[^]*too late: false/,
    Leaderboard:
      /grace: 135[^]*linus: 60[^]*the best three: \[\["grace", 135\], \["ada", 120\], \["alan", 80\]\][^]*alan's place: 3[^]*from 80 to 120: \["alan", "ada"\][^]*players left: 3/,
    "Nearby places":
      /Hauptbahnhof: 1\.1 km[^]*Alexanderplatz: 2\.3 km[^]*Zoo: 3\.2 km[^]*from Zoo to Potsdam: 22\.1\d+[^]*the next one: \["Hauptbahnhof"\]/,
    "Unique visitors": /monday: (99\d|100\d)[^]*on both days together: 1[45]\d\d[^]*bytes for the week: 2742/,
    "Feature flags":
      /is 7 in the beta: true[^]*in the beta: 4[^]*paying in the beta: 2[^]*the first of them: 7[^]*tries: 15/,
    Cache:
      /Cache miss[^]*first: { id: 1, name: "Alice" }[^]*Cache hit![^]*second: { id: 1, name: "Alice" }[^]*Cache miss[^]*after the update: { id: 1, name: "Alicia" }/,
    Records: /Ben: conflict[^]*\d+ update { title: "Our plan", tags: \["final"\] }[^]*version: 3,/,
    Changes: /create stock:tea 5\nupdate stock:tea 4\n[^]*delete stock:tea 4/,
    Lock: /(begins, \d+\n\w+ ends[^]*){3}status\("report"\) → null/,
    Outbox: /mail to ada@example.org[^]*confirm completed[^]*status: "completed"/,
  };
  for (const [title, output] of Object.entries(examples)) {
    it(`runs the example "${title}", and again`, async ({ page }) => {
      await chip(page, title).click();
      assert.equal(await chip(page, title).getAttribute("aria-pressed"), "true");
      await page.locator("#program-colours", { hasText: "await kv." }).waitFor();
      for (let nth = 0; nth < 2; nth += 1) {
        await run(page).click();
        const block = blocks(page).nth(nth);
        await block.locator(".entry.note", { hasText: `${title}: done` }).waitFor();
        const text = await block.innerText();
        assert.match(text, output);
        assert.match(text, /kv\.[\w.]+\(.*\) → /, "each operation is shown with its answer");
      }
      assert.equal(await page.locator("#log .entry.error").count(), 0);
    });
  }

  it("runs what an example has been changed to, and goes back to what it was", async ({ page, row }) => {
    await chip(page, "Page views").click();
    await page.locator("#program-colours", { hasText: "page-views" }).waitFor();
    const before = await source(page).inputValue();
    assert.equal(await page.locator("#program-reset").isHidden(), true);
    const block = await ran(page, 'await kv.set("mine", "1");\nawait kv.incr("mine");  // once more');
    assert.equal(await block.locator(".entry.result").innerText(), "2 number");
    await row("mine").waitFor();
    assert.equal(await page.locator("#program-colours .js-call").first().textContent(), "kv.set");
    // Edits are kept when the example is selected again.
    await chip(page, "Cache").click();
    await page.locator("#program-colours", { hasText: "updateUser" }).waitFor();
    await chip(page, "Page views").click();
    await page.locator("#program-colours", { hasText: "once more" }).waitFor();
    await page.locator("#program-reset").click();
    assert.equal(await source(page).inputValue(), before);
    assert.equal(await page.locator("#program-reset").isHidden(), true);
  });

  it("shows values with their types, and errors with their kinds", async ({ page }) => {
    const results = {
      'await kv.get("nope")': "null",
      'await kv.set("k", "text"); await kv.get("k")': "done in",
      'await kv.set("k", "text");\nawait kv.get("k");': '"text" string',
      'await kv.get("k", { as: "bytes" })': "Uint8Array [116, 101, 120, 116] Uint8Array (4)",
      "[1, 2n, true]": "[1, 2n, true] array (3)",
      "new Map([[1, new Set([2])]])": "Map { 1 => Set { 2 } } Map (1)",
      'await kv.multi().set("n", 5).incr("n").lpush("n", 1).exec()':
        /^\["OK", 6, \[KvError: lpush .*\]\] array \(3\)$/,
      'await kv.withPrefix("p").set("a", 1);\nawait kv.exists("p:a")': "true boolean",
      'await kv.update("n", (n) => Number(n) * 7)': '"42" string',
      'await kv.getOrSet("made", async () => "fresh")': '"fresh" string',
      'const found = [];\nfor await (const key of kv.scanIterator({ match: "?" })) found.push(key);\nfound.sort()':
        '["k", "n"] array (2)',
      "const copies = await Array.fromAsync(kv.entries());\nawait kv.load(kv.entries()) === copies.length":
        "true boolean",
      'await kv.records.put("r", -1, 1);\nlet seen;\nfor await (const [change] of kv.consumer("c")) {\n  seen = change.record.key;\n  break;\n}\nseen':
        '"r" string',
      '(await kv.consumer("c").status()).position': "0 number",
      'await (await kv.tasks.schedule("cron", "* * * * *")).stop();\n(await kv.tasks.list({ name: "cron" })).length':
        "1 number",
      'const kv = "a name of its own";\nkv': '"a name of its own" string',
    };
    for (const [text, expected] of Object.entries(results)) {
      const block = await ran(page, text);
      const shown = await block.locator(".entry:is(.result, .note)").first().innerText();
      if (expected instanceof RegExp) assert.match(shown, expected);
      else if (expected === "done in")
        assert.match(shown, /done in/, "two statements on a line are no expression");
      else assert.equal(shown, expected, text);
    }
    const errors = {
      'await kv.get("n");\nawait kv.lpush("n", 1);': /^\(error\) wrong-type: lpush .* KvError · line 2$/,
      "\nnothing.at.all": /^\(error\) ReferenceError: nothing is not defined line 2$/,
      "await kv.incr(": /^\(error\) SyntaxError: /,
      'import { connect } from "omnikv";': /^\(error\) SyntaxError: .* store as kv, and need no import$/,
      "await kv.nope()": /^\(error\) TypeError: kv\.nope is not a function line 1$/,
      'throw "a text"': /^\(error\) Error: thrown: "a text"$/,
    };
    for (const [text, expected] of Object.entries(errors)) {
      const block = await ran(page, text);
      assert.match(await block.locator(".entry.error").innerText(), expected, text);
    }
    const block = await ran(
      page,
      'try { await kv.lpush("n", 1) } catch (error) { console.log(error instanceof KvError, error.code, error.retryable) }',
    );
    assert.equal(await block.locator(".entry.say").innerText(), "true wrong-type false");
  });

  it("runs JavaScript at the prompt, beside Redis's words", async ({ page, type }) => {
    assert.equal(await type("SET k hello"), "OK");
    assert.equal(await type('await kv.get("k")'), '"hello" string');
    assert.equal(await type('kv.append("k", "!")'), "6 number");
    assert.equal(await type("GET k"), '"hello!"');
    assert.match(await type('await kv.incr("k")'), /^\(error\) invalid-value: .* KvError/);
    await page.locator("#line").fill("await new Promise(() => undefined)");
    await page.keyboard.press("Enter");
    await page.locator("#stop").click();
    await page.locator("#log .entry.note", { hasText: "stopped" }).waitFor();
    assert.equal(await page.locator("#stop").isHidden(), true);
    assert.equal(await type("GET k"), '"hello!"');
  });

  it("keeps the output of a program together while commands are typed", async ({ page, type, row }) => {
    await source(page).fill(
      'console.log("begins");\nwhile (!(await kv.exists("go"))) await new Promise((next) => setTimeout(next, 10));\nconsole.log("goes on");',
    );
    await run(page).click();
    await page.locator("#log .entry.say", { hasText: "begins" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop the program" }).innerText(), "Stop");
    const line = page.locator("#line");
    for (const text of ["SET typed 1", "GET typed", "SET go 1"]) {
      await line.fill(text);
      await page.keyboard.press("Enter");
    }
    await page.locator("#log .entry.say", { hasText: "goes on" }).waitFor();
    await run(page).waitFor();
    await row("go").waitFor();
    const texts = await page.locator("#log > *:not(.welcome)").allInnerTexts();
    assert.match(texts[0], /begins[^]*goes on[^]*done in/);
    assert.doesNotMatch(texts[0], /typed/);
    assert.deepEqual(
      texts.slice(1).map((text) => text.replace("❯ ", "")),
      ["SET typed 1", "OK", "GET typed", '"1"', "SET go 1", "OK"],
    );
  });

  it("stops a program that does not end", async ({ page, type }) => {
    await source(page).fill("for (;;);");
    await run(page).click();
    assert.equal(await type("PING"), "PONG", "the page goes on meanwhile");
    await page.getByRole("button", { name: "Stop the program" }).click();
    await blocks(page).locator(".entry.note", { hasText: "stopped" }).waitFor();
    assert.match(await (await ran(page, "1 + 1")).innerText(), /2 number/);
  });

  it("runs by Control and Enter, and shows what fails where nobody waits for it", async ({ page }) => {
    await source(page).fill(
      'setTimeout(() => { throw new Error("late") });\nkv.lpush(1);\nawait new Promise((next) => setTimeout(next, 50));',
    );
    await source(page).press("Control+Enter");
    await blocks(page).locator(".entry.note", { hasText: "done" }).waitFor();
    const errors = await blocks(page).locator(".entry.error").allInnerTexts();
    assert.equal(errors.length, 2, errors.join());
    assert.match(errors.join("\n"), /\(error\) Error: late/);
    assert.match(errors.join("\n"), /\(error\) invalid-argument: /);
  });

  it("passes a program on in a link, which runs nothing by itself", async ({ page, visit, row, type }) => {
    const text = 'await kv.set("linked", "grüße 🦀 </script>");\nawait kv.get("linked")';
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await source(page).fill(text);
    await page.locator("#program-link").click();
    await page.locator("#program-link", { hasText: "Copied" }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /#run=[\w-]+$/);
    assert.equal(page.url(), link);

    const other = await visit();
    await other.goto(link);
    await other.reload();
    await other.waitForSelector("html[data-ready]");
    await other.locator("#program-note", { hasText: "Read it before you run it" }).waitFor();
    assert.equal(await source(other).inputValue(), text);
    assert.equal(await type("EXISTS linked"), "(integer) 0");
    assert.equal(await blocks(other).count(), 0);
    await run(other).click();
    await row("linked").waitFor();
    assert.match(await blocks(other).innerText(), /"grüße 🦀 <\/script>" string/);
    // Another link in the same tab, then none, then a broken one.
    await other.evaluate(() => {
      location.hash = `#run=${btoa("1 + 2")}`;
    });
    await other.locator("#program-colours", { hasText: "1 + 2" }).waitFor();
    await chip(other, "Session").click();
    assert.doesNotMatch(other.url(), /#run/);
    await other.evaluate(() => {
      location.hash = "#run=%";
    });
    await other.locator("#program-note", { hasText: "no program that can be read" }).waitFor();
  });
}
