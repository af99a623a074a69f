// Records: the list, the editor, conflicts, and the stream of changes.

import assert from "node:assert/strict";
import { gone } from "./visitor.js";

export function amongTheRecords(it) {
  const tab = (page, name) => page.getByRole("tab", { name, exact: true });
  const record = (page, key) => page.locator("#records .record-row:visible", { hasText: key });
  const value = (page) => page.locator("#record-value");
  const version = (page, text) => page.locator("#record-version", { hasText: new RegExp(`^${text}$`) });
  const change = (page, text) => page.locator("#changes .change summary", { hasText: text });
  const held = (page, key) => page.evaluate((name) => globalThis.kv.records.get(name), key);

  /** Opens the tab, writes a record and opens it. */
  async function opened(page, content = { name: "Ada", age: 36 }) {
    await page.evaluate(
      (each) => globalThis.kv.records.put("person:ada", -1, each, { type: "Person" }),
      content,
    );
    await tab(page, "Records").click();
    await record(page, "person:ada").click();
    await version(page, "version 1").waitFor();
  }

  it("creates, edits, patches and deletes a record", async ({ page }) => {
    await tab(page, "Records").click();
    await page.locator("#no-records").waitFor();
    await page.locator("#record-new").click();
    await page.keyboard.type("person:ada");
    await page.getByLabel("Type", { exact: true }).fill("Person");
    await page.getByLabel("Expires in").fill("5m");
    await value(page).fill('{"name": "Ada",');
    await page.locator("#record-save").click();
    await page.locator("#record-problem", { hasText: "This is no JSON" }).waitFor();
    await value(page).fill('{"name": "Ada", "age": 36, "city": "London"}');
    await value(page).press("Control+Enter");
    await version(page, "version 1").waitFor();
    assert.equal(await page.locator("#record-problem").textContent(), "");
    assert.match(
      await record(page, "person:ada").innerText(),
      /Person\s+v1\s+\d\d:\d\d:\d\d\s+(5:00|4:\d\d)/,
    );

    await value(page).fill('{"name": "Ada", "age": 37, "city": "London"}');
    await page.getByRole("button", { name: "Save over version 1" }).click();
    await version(page, "version 2").waitFor();
    await page.getByLabel("Merge patch").fill('{"age": 38, "city": null}');
    await page.getByRole("button", { name: "Patch" }).click();
    await version(page, "version 3").waitFor();
    const now = await held(page, "person:ada");
    assert.deepEqual([now.value, now.type], [{ name: "Ada", age: 38 }, "Person"]);
    assert(now.expiresAt > Date.now(), "a save and a patch keep the deadline");
    assert.equal(await value(page).inputValue(), JSON.stringify(now.value, null, 2));

    await page.getByRole("button", { name: "Delete" }).click();
    await gone(record(page, "person:ada"));
    assert.equal(await held(page, "person:ada"), null);
    await page.getByRole("button", { name: "Create" }).click();
    await version(page, "version 1").waitFor();
    assert.deepEqual((await held(page, "person:ada")).value, { name: "Ada", age: 38 });
  });

  it("shows a conflict, and each way out of it", async ({ page }) => {
    const clash = async (mine) => {
      await value(page).fill(JSON.stringify({ name: mine }));
      await page.getByRole("button", { name: "Change it behind my back" }).click();
      await page.locator("#record-news", { hasText: "saving will conflict" }).waitFor();
      await page.getByRole("button", { name: /^Save over/ }).click();
      await page.locator("#conflict").waitFor();
    };
    await opened(page);
    await clash("mine");
    const title = () => page.locator("#conflict-title").textContent();
    assert.equal(await title(), "Conflict: you edited version 1, and it is version 2 now");
    assert.match(await page.locator("#conflict-theirs").innerText(), /"age": 36,\n\s*"editedBy": "Ben"/);
    assert.match(await page.locator("#conflict-yours").innerText(), /"mine"/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "conflict");
    assert.deepEqual((await held(page, "person:ada")).value.name, "Ada", "nothing is overwritten");
    await page.getByRole("button", { name: "Take theirs" }).click();
    await version(page, "version 2").waitFor();
    assert.match(await value(page).inputValue(), /"editedBy": "Ben"/);

    await clash("again");
    await page.getByRole("button", { name: "Edit again" }).click();
    assert.match(await value(page).inputValue(), /"again"/);
    await page.getByRole("button", { name: "Save over version 3" }).click();
    await version(page, "version 4").waitFor();
    assert.deepEqual((await held(page, "person:ada")).value, { name: "again" });

    await clash("over");
    await page.getByRole("button", { name: "Overwrite version 5" }).click();
    await version(page, "version 6").waitFor();
    assert.deepEqual((await held(page, "person:ada")).value, { name: "over" });

    // Deleted meanwhile.
    await page.evaluate(() => globalThis.kv.records.delete("person:ada"));
    await page.locator("#record-news", { hasText: "deleted meanwhile" }).waitFor();
    await page.getByRole("button", { name: "Save over version 6" }).click();
    await page.getByRole("button", { name: "Create it again" }).click();
    await version(page, "version 1").waitFor();

    // A new record whose key is taken.
    await page.locator("#record-new").click();
    await page.keyboard.type("person:ada");
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator("#conflict").waitFor();
    assert.match(await title(), /a record has this key already, version 1/);
  });

  it("follows what others write, and shows the changes as they come", async ({ page }) => {
    await opened(page);
    await change(page, "person:ada").waitFor();
    await page.evaluate(() => globalThis.kv.records.patch("person:ada", 1, { age: 50 }));
    await version(page, "version 2").waitFor();
    assert.match(await value(page).inputValue(), /"age": 50/);
    await page.evaluate(async () => {
      const { records } = globalThis.kv;
      await records.put("order:1", -1, { paid: false }, { type: "Order" });
      await records.delete("order:1");
    });
    await change(page, "delete").waitFor();
    const shown = () =>
      page.locator("#changes .change summary").evaluateAll((all) =>
        all.map((each) =>
          [...each.children]
            .slice(0, 4)
            .map(({ textContent }) => textContent)
            .join(" "),
        ),
      );
    assert.deepEqual(await shown(), [
      "4 delete order:1 v1",
      "3 create order:1 v1",
      "2 update person:ada v2",
      "1 create person:ada v1",
    ]);
    await change(page, "4 delete").or(change(page, "delete")).first().click();
    assert.match(await page.locator("#changes details[open] pre").innerText(), /^Order \{\s+"paid": false/);

    await page.locator("#changes-prefix").fill("person:");
    assert.deepEqual(await shown(), ["2 update person:ada v2", "1 create person:ada v1"]);
    await page.locator("#changes-prefix").fill("");
    await page.locator("#changes-type").fill("Order");
    assert.deepEqual((await shown()).length, 2);
    await page.locator("#changes-type").fill("");

    const pause = page.locator("#changes-pause");
    await pause.click();
    await page.evaluate(() => globalThis.kv.records.put("order:2", -1, 1));
    await page.locator("#changes-pause", { hasText: "Resume (1)" }).waitFor();
    assert.equal((await shown()).length, 4);
    await pause.click();
    await change(page, "order:2").waitFor();
    assert.equal((await shown()).length, 5);

    await page.locator("#changes-trim").click();
    await page.locator(".no-changes").waitFor();
    assert.deepEqual(await page.evaluate(() => globalThis.kv.changes.read()), []);
    await page.evaluate(() => globalThis.kv.records.put("order:2", 1, 2));
    await change(page, "order:2").waitFor();
    assert.deepEqual(await shown(), ["6 update order:2 v2"]);
  });

  it("lists records by prefix, and works with the keyboard alone", async ({ page }) => {
    await page.locator("#tab-keys").focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-records");
    assert.equal(await page.locator("#view-keys").isVisible(), false);
    await page.getByRole("button", { name: "Add some examples" }).click();
    await record(page, "person:ben").waitFor();
    await version(page, "version 1").waitFor();
    await page.locator("#record-filter").fill("person:");
    await gone(record(page, "order:1"));
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.id), "records");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.locator("#record-key").and(page.locator("[readonly]")).waitFor();
    await page.waitForFunction(() => document.getElementById("record-key").value === "person:ben");
    await page.keyboard.press("Delete");
    await gone(record(page, "person:ben"));
    await page.locator("#status", { hasText: "Deleted person:ben" }).waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "record-save");
    await page.locator("#tab-records").focus();
    await page.keyboard.press("End");
    assert.equal(await page.locator("#view-tasks").isVisible(), true);
    assert.match(page.url(), /#view-tasks$/);
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "line");
  });

  it("shows values of others as text", async ({ page, type }) => {
    const evil = `<img src=x onerror="globalThis.ran = true">\u202e`;
    await page.evaluate(
      (text) => globalThis.kv.records.put(text, -1, { [text]: text }, { type: text }),
      evil,
    );
    await tab(page, "Records").click();
    await record(page, "onerror").click();
    await version(page, "version 1").waitFor();
    await page.locator("#changes .change summary").click();
    assert.equal(await page.evaluate(() => [globalThis.ran, document.images.length].join()), ",0");
    // A flush leaves no change behind.
    await tab(page, "Keys").click();
    assert.equal(await type("FLUSHALL"), "OK");
    await tab(page, "Records").click();
    await page.locator("#no-records").waitFor();
  });
}
