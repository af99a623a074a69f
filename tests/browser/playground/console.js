// The console: commands, completion, history, pasted lines.

import assert from "node:assert/strict";

export function atTheConsole(it) {
  it("answers typed commands as redis-cli does", async ({ page, type }) => {
    assert.equal(await type('SET greeting "hello, world" EX 100 NX'), "OK");
    assert.equal(await type("get greeting"), '"hello, world"');
    assert.equal(await type("hincrby h f 2"), "(integer) 2");
    assert.equal(await type("hgetall h"), '1) "f"\n2) "2"');
    assert.match(await type("LPUSH greeting x"), /^\(error\) wrong-type: /);
    assert.match(await type("help set"), /^SET key value/);
    assert.equal(await page.locator("#log .entry.error").count(), 1);
    await page.locator("#line").fill("clear");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.getElementById("log").childElementCount === 0);
  });

  it("runs the suggestions of the welcome", async ({ page, logText, row }) => {
    for (const button of await page.locator("[data-line]").all()) await button.click();
    await row("user:1").waitFor();
    assert.match(await logText(), /❯? ?HINCRBY user:1 visits 1\n\(integer\) 42/);
  });

  it("completes commands, keys and options by keyboard", async ({ page, type }) => {
    await type("SET user:1 Ada");
    const line = page.locator("#line");
    const suggestions = page.locator("#suggestions [role=option]");

    await line.pressSequentially("hinc");
    await suggestions.first().waitFor();
    assert.equal(await line.getAttribute("aria-expanded"), "true");
    assert.match(await suggestions.first().innerText(), /HINCRBY\s+key field by/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await line.getAttribute("aria-activedescendant"), "suggestion-1");
    await page.keyboard.press("Enter");
    assert.equal(await line.inputValue(), "HINCRBYFLOAT ");
    assert.equal(await page.locator("#hint mark").textContent(), "key");

    await line.fill("");
    await line.pressSequentially("ge");
    await suggestions.first().waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await line.inputValue(), "GET ");
    await line.pressSequentially("us");
    await suggestions.first().waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await line.inputValue(), "GET user:1 ");
    await page.keyboard.press("Enter");
    await page.locator("#log .entry", { hasText: '"Ada"' }).waitFor();

    await line.pressSequentially("SET k v keep");
    await suggestions.first().waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await line.inputValue(), "SET k v KEEPTTL ");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "line", "Tab is no trap");
  });

  it("remembers typed lines, even after a reload", async ({ page, type, open }) => {
    await type("SET a 1");
    await type("INCR a");
    const line = page.locator("#line");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    assert.equal(await line.inputValue(), "SET a 1");
    await page.keyboard.press("ArrowDown");
    assert.equal(await line.inputValue(), "INCR a");
    await open();
    await line.focus();
    await page.keyboard.press("ArrowUp");
    assert.equal(await line.inputValue(), "INCR a");
    assert.equal(await type(""), "(integer) 1", "the store itself is new");
  });

  it("runs pasted lines one by one", async ({ page }) => {
    await page.locator("#line").focus();
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", "SET a 1\nINCR a\r\n\nINCRBY a 5\nGET");
      document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
      );
    });
    await page.locator("#log .entry", { hasText: "(integer) 7" }).waitFor();
    assert.deepEqual(await page.locator("#log .entry.reply").allTextContents(), [
      "OK",
      "(integer) 2",
      "(integer) 7",
    ]);
    assert.equal(await page.locator("#line").inputValue(), "GET");
  });
}
