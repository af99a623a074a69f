// A headless Chromium for tests, closed with the process that asked for it.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // For the tests of what garbage collection leaves.
  "--js-flags=--expose-gc",
];

/** Starts Chromium: the one in CHROMIUM, or Debian's. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}

/** An empty page that runs a program, once it is there. */
export async function open(browser, program) {
  const entry = fileURLToPath(program);
  const bundle = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  const page = await browser.newPage();
  await page.addScriptTag({ type: "module", content: bundle.outputFiles[0].text });
  await page.waitForFunction(() => globalThis.isReady);
  return page;
}
