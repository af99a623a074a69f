// A headless Chromium for tests; it exits with the process that started it.

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
  // For the garbage collection tests.
  "--js-flags=--expose-gc",
];

/** Starts Chromium: $CHROMIUM, or Debian's. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A program and everything it imports as one module. */
export async function bundled(program) {
  const entry = fileURLToPath(program);
  const bundle = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  return bundle.outputFiles[0].text;
}

/** Opens an empty page that runs a program, and waits until it is loaded. */
export async function open(browser, program) {
  const page = await browser.newPage();
  await page.addScriptTag({ type: "module", content: await bundled(program) });
  await page.waitForFunction(() => globalThis.isReady);
  return page;
}
