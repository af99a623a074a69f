// An origin on loopback for pages that keep data: empty pages, and the program as a script for workers.

import { createServer } from "node:http";
import { bundled } from "../chromium.js";

const PROGRAM = new URL("page.js", import.meta.url);

/** A service worker that counts requests of `/count` in a database. */
const SERVICE = `
  addEventListener("fetch", (event) => {
    if (!event.request.url.endsWith("/count")) return;
    event.respondWith((async () => {
      const kv = await omnikv.connect("indexeddb:service");
      return new Response(String(await kv.incr("requests")));
    })());
  });`;

/** Starts an origin. Returns its `url`, `open` for a page of it, and `close`. */
export async function origin() {
  const program = await bundled(PROGRAM);
  const scripts = { "/program.js": program, "/service.js": program + SERVICE };
  const server = createServer(({ url }, response) => {
    const script = scripts[url];
    response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" });
    response.end(script ?? "<!doctype html>");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}/`;

  /** Loads the program into a page, also after it has been reloaded. */
  const load = async (page) => {
    await page.goto(url);
    await page.addScriptTag({ type: "module", url: "/program.js" });
    await page.waitForFunction(() => globalThis.isReady);
    return page;
  };
  return {
    url,
    load,
    open: async (context) => load(await context.newPage()),
    close: () => server.close(),
  };
}
