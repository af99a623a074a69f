// A store that the browser keeps.

import assert from "node:assert/strict";
import { gone } from "./visitor.js";

export function inThisBrowser(it) {
  it("keeps data in this browser, until told otherwise", async ({ page, open, type, row }) => {
    await page.getByRole("button", { name: "Keep data in this browser" }).click();
    await page.locator("#place-leave").waitFor();
    assert.equal(await page.locator("#place-url").inputValue(), "indexeddb:playground");
    assert.equal(await type("SET greeting hello"), "OK");
    await page.locator("#fact-keys", { hasText: "1" }).waitFor();
    assert.equal(await page.locator("#fact-bytes").textContent(), "–");
    await open();
    assert.match(await page.locator("#place-state").textContent(), /^In this browser/);
    assert.equal(await type("GET greeting"), '"hello"');
    await row("greeting").waitFor();
    await page.locator("#place-leave").click();
    await gone(row("greeting"));
    await open();
    assert.equal(await page.locator("#place-url").inputValue(), "memory:playground");
    assert.equal(await page.locator("#place-keep").isVisible(), true);
  });
}
