// The key browser: listing, expiry, deletion and undo; and the chart.

import assert from "node:assert/strict";
import { gone } from "./visitor.js";

export function amongTheKeys(it) {
  it("counts a TTL down to zero, and the key disappears", async ({ page, type, row }) => {
    await type("SET brief x EX 50");
    await type("SET stays y");
    await row("brief").waitFor();
    const seen = await page.evaluate(async () => {
      const texts = [];
      while (texts.length < 3) {
        const name = document.querySelector('#keys .key:not([hidden]) .key-name[title="brief"]');
        const left = name.parentElement.querySelector(".key-left").textContent;
        if (left !== texts.at(-1)) texts.push(left);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return texts;
    });
    const seconds = seen.map((text) => Number(/^(\d+) s$/.exec(text)[1]));
    assert.deepEqual(
      seconds,
      [...seconds].sort((one, other) => other - one),
    );
    await type("EXPIRE brief 1");
    await gone(row("brief"));
    assert.equal(await row("stays").count(), 1);
    assert.equal(await page.locator("#key-count").textContent(), "1");
    assert.equal(await type("TTL brief"), "(integer) -2");
  });

  it("shows each type, updates, filters, adds and deletes", async ({ page, type, row }) => {
    // Like another program: not through the page.
    await page.evaluate(async () => {
      const { kv } = globalThis;
      await kv.set("s", '{"deep":{"er":1}}');
      await kv.rpush("l", "one", "two");
      await kv.hset("h", { name: "Ada", age: 36 });
      await kv.sadd("m", "x", "y");
      await kv.set("b", Uint8Array.of(255, 0));
    });
    const body = page.locator("#value-body");
    const opened = async (key, type, pattern) => {
      await row(key).click();
      await page.locator("#value-key", { hasText: key }).waitFor();
      assert.equal(await page.locator("#value-type").textContent(), type);
      assert.match(await body.innerText(), pattern);
    };
    await row("s").waitFor();
    await opened("s", "string", /"deep": {\s+"er": 1/);
    await opened("l", "list", /0\s+one\s+Edit\s+1\s+two/);
    await opened("h", "hash", /age\s+36\s+Edit\s+name\s+Ada/);
    await opened("m", "set", /x\s+Edit\s+y/);
    await opened("b", "string", /\\xff\\x00/);
    await page.evaluate(() => globalThis.kv.set("b", "changed"));
    await body.getByText("changed").waitFor();

    await page.locator("#filter").fill("[hl]");
    await gone(row("s"));
    assert.equal(await page.locator("#key-count").textContent(), "2");
    await page.locator("#filter").fill("");
    await row("s").waitFor();

    await page.locator("#add").click();
    const field = (label) => page.locator("#add-form").getByLabel(label);
    await field("Key").fill("added");
    await field("Type").selectOption("hash");
    await field("Seconds to live").fill("500");
    await field("Value").fill("a=1\nb=x=y");
    await page.keyboard.press("Tab");
    await page.locator("#add-form button[type=submit]").click();
    await row("added").waitFor();
    assert.equal(await type("HGET added b"), '"x=y"');

    await row("added").getByRole("button", { name: "Delete added" }).click();
    await gone(row("added"));
    assert.equal(await type("EXISTS added"), "(integer) 0");
    await row("s").click();
    await page.locator("#value-delete").click();
    await gone(row("s"));
    assert.equal(await page.locator("#value").isHidden(), true);
  });

  it("restores a deleted key as a whole, with its deadline", async ({ page, row }) => {
    const before = await page.evaluate(async () => {
      const { kv } = globalThis;
      await kv.set("bytes", Uint8Array.of(255, 0), { ttl: 500 });
      await kv.rpush("l", "b", "a");
      await kv.hset("h", [[Uint8Array.of(254), Uint8Array.of(255)]]);
      await kv.sadd("m", "x", "y");
      await kv.pexpire("m", 400_000);
      return Array.fromAsync(kv.entries({ as: "json" }));
    });
    const sorted = (entries) => entries.sort((one, other) => (one.key < other.key ? -1 : 1));
    for (const { key } of before) {
      await row(key).getByRole("button").click();
      await gone(row(key));
      assert.equal(await page.locator("#undo-text").textContent(), `Deleted ${key}`);
      if (key === "l") await page.keyboard.press("Control+z");
      else await page.locator("#undo-button").click();
      await row(key).waitFor();
      assert.equal(await page.locator("#undo").isHidden(), true);
    }
    const after = await page.evaluate(() => Array.fromAsync(globalThis.kv.entries({ as: "json" })));
    for (const entry of [...before, ...after]) if (entry.type === "set") entry.value.sort();
    assert.deepEqual(sorted(after), sorted(before));
    // It does not overwrite a new value, and restores nothing twice.
    await row("l").getByRole("button").click();
    await gone(row("l"));
    await page.evaluate(() => globalThis.kv.set("l", "another"));
    await page.locator("#undo-button").click();
    await page.locator("#undo-text", { hasText: "another value has its name" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.kv.get("l")), "another");
    assert.equal(await page.locator("#undo-button").isHidden(), true);
    // A value that is too large to keep needs a confirmation.
    await page.evaluate(() => globalThis.kv.set("large", "x".repeat(5_000_000)));
    await row("large").getByRole("button").click();
    await page.locator("#undo-text", { hasText: "Delete it again" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.kv.exists("large")), true);
    await row("large").getByRole("button").click();
    await gone(row("large"));
  });

  it("shows invisible and reordering characters as escapes", async ({ page, row }) => {
    await page.evaluate(async () => {
      const { kv } = globalThis;
      await kv.set("gpj\u202egnp.exe", "one\ntwo\tthree\u202eruof");
      await kv.rpush("a\nb", "first\nsecond");
    });
    const exe = row(String.raw`"gpj\xe2\x80\xaegnp.exe"`);
    await exe.waitFor();
    assert.equal(
      await exe.locator(".key-preview").textContent(),
      String.raw`one\ntwo\tthree\xe2\x80\xaeruof`,
    );
    const list = row(String.raw`"a\nb"`);
    assert.equal(await list.locator(".key-name").textContent(), String.raw`"a\nb"`);
    assert.equal(await list.locator(".key-preview").textContent(), String.raw`first\nsecond`);
    await exe.click();
    await page.locator("#value-body", { hasText: "three" }).waitFor();
    assert.equal(await page.locator("#value-key").textContent(), String.raw`"gpj\xe2\x80\xaegnp.exe"`);
    assert.equal(
      await page.locator("#value-body").textContent(),
      `one\ntwo\tthree${String.raw`\xe2\x80\xae`}ruof`,
      "lines stay lines where there is room for them",
    );
    await page.locator("#line").pressSequentially("GET gp");
    await page.locator("#suggestions [role=option]").first().waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.locator("#line").inputValue(), String.raw`GET "gpj\xe2\x80\xaegnp.exe" `);
    await page.keyboard.press("Enter");
    await page.locator("#log .entry.reply", { hasText: "three" }).waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /\u202e/);
  });

  it("gives the value the space of a missing deadline", async ({ page, row }) => {
    await page.evaluate(async () => {
      await globalThis.kv.set("short", "x".repeat(80));
      await globalThis.kv.set("timed", "x".repeat(80), { ttl: 100 });
    });
    await row("timed").waitFor();
    const width = async (key) => (await row(key).locator(".key-preview").boundingBox()).width;
    assert((await width("short")) > 130, `${await width("short")}`);
    assert((await width("timed")) > 90, `${await width("timed")}`);
    assert((await width("short")) > (await width("timed")) + 30);
  });

  it("handles ten thousand keys, and renders few", async ({ page, row }) => {
    await page.evaluate(async () => {
      const entries = Array.from({ length: 10_000 }, (_, n) => [`k:${String(n).padStart(5, "0")}`, n]);
      await globalThis.kv.mset(entries);
    });
    await page.locator("#key-count", { hasText: "10,000" }).waitFor();
    await row("k:").waitFor();
    assert.match(await row("k:").innerText(), /k:\s+10,000 keys/, "many are closed at first");
    await row("k:").click();
    await row("k:00000").waitFor();
    assert((await page.locator("#keys .key").count()) < 100);
    await page.locator("#keys").focus();
    await page.keyboard.press("End");
    await row("k:09999").waitFor();
    await page.keyboard.press("Enter");
    await page.locator("#value-body", { hasText: "9999" }).waitFor();
    await page.locator("#filter").fill("k:0123*");
    await page.locator("#key-count", { hasText: /^10$/ }).waitFor();
  });

  it("draws operations per second", async ({ page }) => {
    await page.locator("#load").click();
    await page.locator("#log .entry.note", { hasText: "operations on 10,000 keys" }).waitFor();
    const peak = await page.locator("#peak").textContent();
    assert(Number(peak.replaceAll(",", "")) > 0);
    assert.match(await page.locator("#chart").getAttribute("aria-label"), /at most [1-9]/);
    assert.match(await page.locator("#chart-line").getAttribute("d"), /^M0\.0 /);
    const scale = await page.locator("#scale span").allTextContents();
    assert.match(scale.join(" "), /^\d+[KM] \S+ 0$/);
    assert.deepEqual(await page.locator(".ages span").allTextContents(), ["60 s ago", "40", "20", "now"]);
  });

  it("counts operations from the developer tools", async ({ page, row }) => {
    await page.evaluate(async () => {
      const { kv } = globalThis;
      for (let nth = 0; nth < 30; nth += 1) await kv.incr("n");
      await kv.withPrefix("p").set("a", 1);
      await kv.multi().incr("n").incr("n").exec();
    });
    await page.waitForFunction(() => Number(document.getElementById("peak").textContent) >= 10);
    await row("p:a").waitFor();
  });
}
