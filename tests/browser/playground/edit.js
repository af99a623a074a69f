// Changing keys in the key browser: values, items, names, deadlines.

import assert from "node:assert/strict";
import { gone } from "./visitor.js";

export function editingKeys(it) {
  /** Opens a key, presses a button of its panel, and returns the dialog. */
  async function asked(page, row, key, button) {
    await row(key).click();
    await page.locator("#value-key", { hasText: key }).waitFor();
    await button(page).click();
    await page.locator("#ask[open]").waitFor();
    return page.locator("#ask");
  }
  const byId = (id) => (page) => page.locator(`#${id}`);
  const named = (name) => (page) => page.locator("#value-body").getByRole("button", { name, exact: true });
  const saved = async (page, button = "#ask-submit") => {
    await page.locator(button).click();
    await page.locator("#ask:not([open])").waitFor({ state: "attached" });
  };
  const field = (page, label) => page.locator("#ask").getByLabel(label, { exact: true });

  it("edits strings, of text and of bytes, and keeps their deadline", async ({ page, row, type }) => {
    await page.evaluate(async () => {
      const { kv } = globalThis;
      await kv.set("text", "one\ntwo", { ttl: 500 });
      await kv.set("bytes", Uint8Array.of(92, 120, 255, 34));
    });
    await asked(page, row, "text", byId("value-edit"));
    assert.equal(await field(page, "Value").inputValue(), "one\ntwo");
    await field(page, "Value").fill("uno\ndos");
    await page.keyboard.press("Control+Enter");
    await page.locator("#value-body", { hasText: "dos" }).waitFor();
    assert.equal(await type("GET text"), '"uno\\ndos"');
    assert.match(await type("TTL text"), /^\(integer\) (500|4\d\d)$/);

    await asked(page, row, "bytes", byId("value-edit"));
    assert.equal(await field(page, "Value").inputValue(), String.raw`"\\x\xff\""`);
    await field(page, "Value").fill("two words");
    await page.locator("#ask-submit").click();
    await page.locator("#ask-error", { hasText: "one text in quotes" }).waitFor();
    await field(page, "Value").fill(String.raw`"\\x\xfe"`);
    await saved(page);
    const held = await page.evaluate(async () => [...(await globalThis.kv.get("bytes", { as: "bytes" }))]);
    assert.deepEqual(held, [92, 120, 254]);
  });

  it("writes nothing over what has been changed meanwhile", async ({ page, row }) => {
    await page.evaluate(() => globalThis.kv.set("text", "before"));
    await row("text").waitFor();
    await asked(page, row, "text", byId("value-edit"));
    await page.evaluate(() => globalThis.kv.set("text", "of somebody else"));
    await field(page, "Value").fill("mine");
    await page.locator("#ask-submit").click();
    await page.locator("#ask-error", { hasText: "changed this in the meantime" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.kv.get("text")), "of somebody else");
    await page.locator("#ask-cancel").click();
    await page.locator("#value-body", { hasText: "of somebody else" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "value-edit", "the focus comes back");
  });

  it("edits, adds and removes the items of lists, hashes and sets", async ({ page, row, type }) => {
    await page.evaluate(async () => {
      const { kv } = globalThis;
      await kv.rpush("list", "a", "b", "b");
      await kv.hset("hash", { name: "Ada", age: "36" });
      await kv.sadd("set", "x", "y");
      for (const key of ["list", "hash", "set"]) await kv.expire(key, 500);
    });
    const lines = (answer) => answer.split("\n").map((line) => line.replace(/^\d+\) /, ""));

    await row("list").waitFor();
    await asked(page, row, "list", named("Edit 1"));
    await field(page, "Element").fill("B");
    await page.keyboard.press("Enter");
    await page.locator("#value-body", { hasText: "B" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Edit 1");
    await asked(page, row, "list", named("Edit 2"));
    await saved(page, "#ask-also");
    await asked(page, row, "list", byId("value-add"));
    await field(page, "Element").fill("first");
    await saved(page, "#ask-also");
    await asked(page, row, "list", byId("value-add"));
    await field(page, "Element").fill("last");
    await saved(page);
    assert.deepEqual(lines(await type("LRANGE list 0 -1")), ['"first"', '"a"', '"B"', '"last"']);

    await asked(page, row, "hash", named("Edit age"));
    await field(page, "Field").fill("name");
    await page.locator("#ask-submit").click();
    await page.locator("#ask-error", { hasText: "has this field already" }).waitFor();
    await field(page, "Field").fill("years");
    await field(page, "Value").fill("37");
    await saved(page);
    await asked(page, row, "hash", byId("value-add"));
    await field(page, "Field").fill("role");
    await field(page, "Value").fill("admin");
    await saved(page);
    await named("Edit role")(page).waitFor();
    await asked(page, row, "hash", named("Edit name"));
    await saved(page, "#ask-also");
    assert.deepEqual(lines(await type("HGETALL hash")).sort(), ['"37"', '"admin"', '"role"', '"years"']);

    await asked(page, row, "set", named("Edit x"));
    await field(page, "Member").fill("y");
    await page.locator("#ask-submit").click();
    await page.locator("#ask-error", { hasText: "has this member already" }).waitFor();
    await field(page, "Member").fill("z");
    await saved(page);
    await asked(page, row, "set", named("Edit y"));
    await saved(page, "#ask-also");
    await named("Edit y")(page).waitFor({ state: "detached" });
    // The last item is replaced, and the deadline is kept.
    await asked(page, row, "set", named("Edit z"));
    await field(page, "Member").fill("last");
    await saved(page);
    assert.deepEqual(lines(await type("SMEMBERS set")), ['"last"']);
    for (const key of ["list", "hash", "set"]) {
      assert.match(await type(`TTL ${key}`), /^\(integer\) (500|4\d\d)$/, key);
    }
  });

  it("sets, changes and takes away deadlines", async ({ page, row, type }) => {
    await type("SET k v");
    await row("k").waitFor();
    await asked(page, row, "k", byId("value-expiry"));
    for (const wrong of ["0", "-5", "soon", ""]) {
      await field(page, "Expires in").fill(wrong);
      await page.locator("#ask-submit").click();
      await page.locator("#ask-error", { hasText: "Expects a time above 0" }).waitFor();
    }
    await field(page, "Expires in").fill("5m");
    await saved(page);
    await page.locator("#value-left", { hasText: /expires in (5:00|4:\d\d)/ }).waitFor();
    assert.match(await type("TTL k"), /^\(integer\) (300|2\d\d)$/);
    await asked(page, row, "k", byId("value-expiry"));
    assert.match(await field(page, "Expires in").inputValue(), /^(300|2\d\d)$/);
    await saved(page, "#ask-also");
    await page.locator("#value-left", { hasText: "does not expire" }).waitFor();
    assert.equal(await type("TTL k"), "(integer) -1");
  });

  it("renames, but not over another key", async ({ page, row, type }) => {
    await type("MSET old 1 taken 2");
    await row("old").waitFor();
    await asked(page, row, "old", byId("value-rename"));
    await field(page, "Name").fill("taken");
    await page.keyboard.press("Enter");
    await page.locator("#ask-error", { hasText: "Another key has this name" }).waitFor();
    await field(page, "Name").fill("new");
    await page.keyboard.press("Enter");
    await row("new").waitFor();
    await gone(row("old"));
    assert.equal(await page.locator("#value-key").textContent(), "new");
    assert.equal(await type("MGET old new taken"), '1) (nil)\n2) "1"\n3) "2"');
  });

  it("shows keys as a tree of their prefixes", async ({ page, row, type }) => {
    await type("MSET app:user:1 a app:user:2 b app:theme c alone:1 d z e");
    await row("app:user:2").waitFor();
    const shown = () =>
      page
        .locator("#keys .key:visible")
        .evaluateAll((rows) =>
          rows.map((each) => [
            each.querySelector(".key-name").textContent,
            each.getAttribute("aria-level"),
            each.getAttribute("aria-expanded"),
          ]),
        );
    const whole = [
      ["alone:1", "1", null],
      ["app:", "1", "true"],
      ["theme", "2", null],
      ["user:", "2", "true"],
      ["1", "3", null],
      ["2", "3", null],
      ["z", "1", null],
    ];
    assert.deepEqual(await shown(), whole);
    assert.match(await row("app:").innerText(), /app:\s+3 keys/);
    await row("app:user:").click();
    await gone(row("app:user:1"));
    await page.locator("#keys").focus();
    const active = () => page.locator("#keys .key.active .key-name").getAttribute("title");
    for (const [key, title] of [
      ["ArrowLeft", "app:"],
      ["ArrowRight", "app:theme"],
      ["ArrowLeft", "app:"],
      ["ArrowLeft", "app:"],
    ]) {
      await page.keyboard.press(key);
      assert.equal(await active(), title, key);
    }
    assert.deepEqual((await shown()).slice(0, 3), [
      ["alone:1", "1", null],
      ["app:", "1", "false"],
      ["z", "1", null],
    ]);
    // A group remembers its state when its parent is opened again.
    await page.keyboard.press("Enter");
    await row("app:theme").waitFor();
    assert.equal(await row("app:user:1").count(), 0);
    await row("app:user:").click();
    await row("app:user:1").waitFor();
    assert.deepEqual(await shown(), whole);
    // A filter shows matches even in closed groups.
    await row("app:").click();
    await gone(row("app:theme"));
    await page.locator("#filter").fill("app");
    await row("app:theme").waitFor();
    await gone(row("z"));
    await page.locator("#filter").fill("theme");
    await gone(row("app:user:"));
    assert.deepEqual(await shown(), [["app:theme", "1", null]]);
  });
}
