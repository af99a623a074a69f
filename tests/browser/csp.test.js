// A page whose Content-Security-Policy forbids compiling WebAssembly: stores say what to do. With the word that allows it, they
// work.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { launch } from "./chromium.js";

const dist = new URL("../../pkg/dist/", import.meta.url);
const PROGRAM = `
  import { connect, KvError, MemoryStore } from "./omnikv.js";
  const told = (error) => [error instanceof KvError, error.code, error.op, error.cause?.name, error.message.includes("'wasm-unsafe-eval'")];
  const results = [];
  try {
    const kv = new MemoryStore();
    kv.set("k", "v");
    results.push(kv.get("k"));
  } catch (error) {
    results.push(told(error));
  }
  results.push(await connect("upstash+http://:t@localhost:1", { retries: 0 }).then((kv) => kv.close().then(() => "opened"), told));
  globalThis.results = results;
`;

describe("a page with a Content-Security-Policy", () => {
  let browser;
  let server;
  let policy;
  before(async () => {
    browser = await launch();
    server = createServer(async ({ url }, response) => {
      const headers = { "content-security-policy": policy, "content-type": "text/javascript" };
      if (url === "/") {
        response.writeHead(200, { ...headers, "content-type": "text/html" });
        response.end('<script type="module" src="program.js"></script>');
      } else if (url === "/program.js") response.writeHead(200, headers).end(PROGRAM);
      else {
        const body = await readFile(new URL(url.slice(1), dist)).catch(() => undefined);
        response.writeHead(body === undefined ? 404 : 200, headers).end(body);
      }
    });
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  async function results(given) {
    policy = given;
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => globalThis.results !== undefined);
    return page.evaluate(() => globalThis.results);
  }

  it("that forbids it is told how to allow it", async () => {
    assert.deepEqual(await results("default-src 'none'; script-src 'self'"), [
      [true, "unsupported", "MemoryStore", "CompileError", true],
      [true, "unsupported", "connect", "CompileError", true],
    ]);
  });

  it("that allows it has stores", async () => {
    const allowed = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src *";
    assert.deepEqual(await results(allowed), ["v", "opened"]);
  });
});
