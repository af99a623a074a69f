// Retakes the README's screenshot of the playground (www/screenshot.png): `node tests/browser/screenshot.js`, after
// `npm run build:www` in pkg.

import { fileURLToPath } from "node:url";
import { launch } from "./chromium.js";
import { serve } from "./serve.js";

const www = fileURLToPath(new URL("../../www/", import.meta.url));
const LINES = [
  "MSET views:/ 31 views:/docs 12 views:/about 7",
  "RPUSH tasks mail report backup",
  "HSET user:1 name Ada role admin visits 41",
  "EXPIRE user:1 40",
  "HINCRBY user:1 visits 1",
  'await kv.hgetall("user:1")',
];

const site = await serve(www);
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 780 }, colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.waitForSelector("html[data-ready]");
  await page.locator("#load").click();
  await page.locator("#log .entry.note", { hasText: "operations on" }).waitFor();
  await page.evaluate(() => globalThis.kv.deleteRange("load:"));
  for (const name of ["Start here", "Rate limit"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.getByRole("button", { name: "Run the program" }).click();
    await page.locator("#log .entry.note", { hasText: `${name}: done` }).waitFor();
  }
  await page.waitForTimeout(6_000);
  for (const line of LINES) {
    await page.locator("#line").fill(line);
    await page.keyboard.press("Enter");
  }
  await page.locator("#log > .entry.result").waitFor();
  for (const name of ["tasks", "views:/docs"])
    await page.locator(`#keys .key-name[title='${name}']`).waitFor();
  await page.locator("#keys .key-name[title='user:1']").click();
  await page.locator("#value-body", { hasText: "Ada" }).waitFor();
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: `${www}screenshot.png` });
} finally {
  await browser.close();
  site.close();
}
