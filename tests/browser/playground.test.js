// The playground as people use it, in Chromium: typing, completion, examples, keys that run out, by mouse and by
// keyboard alone, dark and light, on a phone; and what others wrote shown as text.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.js";
import { serve } from "./serve.js";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

describe("the playground", () => {
  let browser;
  let site;
  let context;
  let page;
  /** What the page complained about. */
  let complaints;

  before(async () => {
    execFileSync(process.execPath, [path("../../pkg/scripts/www.js")]);
    site = await serve(path("../../www/"));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  async function visit(options = {}) {
    await context?.close();
    context = await browser.newContext({ viewport: { width: 1360, height: 850 }, ...options });
    page = await context.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await open();
  }

  async function open() {
    await page.goto(site.url);
    await page.waitForSelector("html[data-ready]");
  }

  beforeEach(() => visit());
  afterEach(async () => {
    await context.close();
    context = undefined;
    assert.deepEqual(complaints, []);
  });

  /** Types a line as people do and gives what was answered. */
  async function type(line) {
    const entries = page.locator("#log .entry");
    const before = await entries.count();
    await page.locator("#line").pressSequentially(line);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await entries.nth(before + 1).waitFor();
    return entries.nth(before + 1).textContent();
  }

  const logText = () => page.locator("#log").innerText();
  const row = (key) =>
    page.locator("#keys .key:visible", { has: page.locator(`.key-name[title=${JSON.stringify(key)}]`) });
  const gone = (locator) =>
    locator.waitFor({ state: "detached" }).catch(() => locator.waitFor({ state: "hidden" }));

  describe("over a server", () => {
    const TOKEN = "the-token-of-a-user";
    const servers = [];

    /** `omnikv serve`; gives its URL. */
    async function serveStore(...words) {
      const cli = path("../../pkg/dist/cli.js");
      const env = { ...process.env, OMNIKV_TOKEN: TOKEN };
      const server = spawn(process.execPath, [cli, "serve", "--port", "0", "--json", ...words], { env });
      servers.push(server);
      const [line] = await once(createInterface(server.stdout), "line");
      return JSON.parse(line).url;
    }

    afterEach(() => servers.splice(0).forEach((server) => server.kill()));

    /** Goes to a store and gives what the page says then. */
    async function go(url, token = "") {
      await page.locator("#place-url").fill(url);
      if (token !== "") await page.locator("#place-token").fill(token);
      await page.locator("#place-connect").click();
      await page.waitForFunction(() => document.getElementById("place").dataset.state !== "busy");
      return page.locator("#place-state").textContent();
    }

    const origin = () => new URL(site.url).origin;

    it("has the same console, examples and keys, and keeps no token", async () => {
      const server = await serveStore("--allow-origin", origin());
      const { host } = new URL(server);
      let requests = 0;
      page.on("request", (request) => {
        if (request.url().startsWith(server)) requests++;
      });
      await type("SET here 1");
      // A token that came with the URL goes out of sight.
      await page.locator("#place-url").fill(`upstash+http://:${TOKEN}@${host}`);
      assert.equal(await page.locator("#place-url").inputValue(), `upstash+http://${host}`);
      await page.locator("#place-connect").click();
      await page.locator('#place[data-state="away"]').waitFor();
      assert.match(await page.locator("#place-state").textContent(), new RegExp(`^Connected to ${host}`));
      await gone(row("here"));
      assert.equal(await type('SET greeting "hello" EX 3'), "OK");
      assert.equal(await type("GET greeting"), '"hello"');
      await row("greeting").waitFor();
      assert.match(await row("greeting").innerText(), /[123] s/);
      await gone(row("greeting"));
      await page.getByRole("button", { name: "Run Task queue" }).click();
      await page.locator("#log .entry.note", { hasText: "done in" }).waitFor();
      await type(String.raw`SET mine "\xff\x00" EX 500`);
      await row("mine").getByRole("button").click();
      await gone(row("mine"));
      await page.locator("#undo-button").click();
      await row("mine").waitFor();
      assert.equal(await type("GET mine"), String.raw`"\xff\x00"`);
      assert.match(await type("TTL mine"), /^\(integer\) 49\d$/);
      const seen = await page.evaluate(() => [
        document.documentElement.outerHTML,
        location.href,
        JSON.stringify(localStorage),
        [...document.querySelectorAll("input")].map(({ value }) => value).join(" "),
      ]);
      assert(!seen.join(" ").includes(TOKEN));
      const before = requests;
      await page.waitForTimeout(2_000);
      assert(requests - before <= 4, "an idle page asks seldom");
      await page.locator("#place-leave").click();
      await row("here").waitFor();
      assert.equal(await page.locator("#console-url").textContent(), "memory:playground");
      assert.equal(await type("EXISTS greeting"), "(integer) 0");
    });

    it("says what is wrong, and what helps", async () => {
      const open = await serveStore("--allow-origin", origin());
      const shut = await serveStore();
      assert.match(await go(open, "wrong"), /^The server refused the token/);
      assert.equal(await page.locator("#place-token").inputValue(), "");
      assert.match(await go(shut, TOKEN), /answers, but lets no pages .* in.* --allow-origin http/);
      assert.match(await go("redis://localhost"), /no sockets.* serve --url redis/);
      assert.match(await go("ftp://localhost"), /^Expects https/);
      await go(open, TOKEN);
      servers[0].kill();
      await once(servers[0], "exit");
      assert.match(await go(open, TOKEN), /^Nobody answers there.* Still connected to/);
      await page.locator("#place-leave").click();
      await page.locator('#place[data-state="here"]').waitFor();
      // What the browser itself says of requests that fail.
      complaints = complaints.filter((text) => !/Failed to load resource|blocked by CORS/.test(text));
    });
  });

  it("answers typed commands as redis-cli does", async () => {
    assert.equal(await type('SET greeting "hello, world" EX 100 NX'), "OK");
    assert.equal(await type("get greeting"), '"hello, world"');
    assert.equal(await type("hincr-by h f 2"), "(integer) 2");
    assert.equal(await type("hgetall h"), '1) "f"\n2) "2"');
    assert.match(await type("LPUSH greeting x"), /^\(error\) wrong-type: /);
    assert.match(await type("help set"), /^SET key value/);
    assert.equal(await page.locator("#log .entry.error").count(), 1);
    await page.locator("#line").fill("clear");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.getElementById("log").childElementCount === 0);
  });

  it("runs the suggestions of the welcome", async () => {
    for (const button of await page.locator("[data-line]").all()) await button.click();
    await row("user:1").waitFor();
    assert.match(await logText(), /❯? ?HINCRBY user:1 visits 1\n\(integer\) 42/);
  });

  it("completes commands, keys and options by keyboard", async () => {
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

  it("remembers the lines typed, also after a reload", async () => {
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

  it("runs pasted lines one by one", async () => {
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

  const examples = {
    session: [
      "Session cache",
      /signed in: {"userId":42[^]*seconds left: 1800[^]*signed out: {"error":"Session not found or expired"}/,
    ],
    views: [
      "Page views",
      /\/home: 3[^]*\/contact: 0[^]*ranking: \[{"url":"\/home","views":3},{"url":"\/about","views":1}\]/,
    ],
    queue: ["Task queue", /done: mail for user@example.com[^]*done: report 42[^]*the queue is empty: 0/],
    "rate-limit": [
      "Rate limit",
      /request 1: {"allowed":true,"remaining":9}[^]*request 10: {"allowed":true,"remaining":0}[^]*request 11: {"allowed":false,"remaining":0}/,
    ],
    otp: [
      "One-time password",
      /a wrong code: false[^]*the right code: true[^]*the same again: false[^]*too late: false/,
    ],
    cache: [
      "Cache with database",
      /Cache miss[^]*first: {"id":1,"name":"Alice"}[^]*Cache hit![^]*second: {"id":1,"name":"Alice"}[^]*Cache miss[^]*after the update: {"id":1,"name":"Alicia"}/,
    ],
  };
  for (const [id, [title, output]] of Object.entries(examples)) {
    it(`runs the example "${title}", and again`, async () => {
      for (let run = 1; run <= 2; run += 1) {
        await page.getByRole("button", { name: `Run ${title}`, exact: true }).click();
        await page
          .locator("#log .entry.note", { hasText: `${title}: done` })
          .nth(run - 1)
          .waitFor();
        const text = (await logText()).split(title).slice(-2)[0];
        assert.match(text, output);
        assert.match(text, /kv\.\w+\(.*\) → /, "each operation is shown with its answer");
      }
      assert.equal(await page.locator("#log .entry.error").count(), 0);
      assert.equal(
        await page.locator(`[data-example="${id}"] .example-head`).getAttribute("aria-current"),
        "true",
      );
      assert.match(await page.locator("#example-code").innerText(), /await kv\./, "the code is shown");
    });
  }

  it("counts a TTL down to zero, and the key disappears", async () => {
    await type("SET brief x EX 4");
    await type("SET stays y");
    await row("brief").waitFor();
    const seen = await page.evaluate(async () => {
      const texts = [];
      for (;;) {
        const name = document.querySelector('#keys .key:not([hidden]) .key-name[title="brief"]');
        if (!name) return texts;
        const left = name.parentElement.querySelector(".key-left").textContent;
        if (left !== texts.at(-1)) texts.push(left);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const seconds = seen.map((text) => Number(/^(\d+) s$/.exec(text)[1]));
    assert(seconds.length >= 3, `it counts: ${seen}`);
    assert.deepEqual(
      seconds,
      [...seconds].sort((one, other) => other - one),
    );
    assert(seconds.at(-1) <= 1, `to its end: ${seen}`);
    assert.equal(await row("stays").count(), 1);
    assert.equal(await page.locator("#key-count").textContent(), "1");
    assert.equal(await type("TTL brief"), "(integer) -2");
  });

  it("shows each type, keeps up with others, filters, adds and deletes", async () => {
    // As somebody else would: not through the page.
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
    await opened("l", "list", /0\s+one\s+1\s+two/);
    await opened("h", "hash", /age\s+36\s+name\s+Ada/);
    await opened("m", "set", /x\s+y/);
    await opened("b", "string", /\\xff\\x00/);
    await page.evaluate(() => globalThis.kv.set("b", "changed"));
    await body.getByText("changed").waitFor();

    await page.locator("#filter").fill("[hl]");
    await gone(row("s"));
    assert.equal(await page.locator("#key-count").textContent(), "2");
    await page.locator("#filter").fill("");
    await row("s").waitFor();

    await page.locator("#add").click();
    await page.getByLabel("Key", { exact: true }).fill("added");
    await page.getByLabel("Type").selectOption("hash");
    await page.getByLabel("Seconds to live").fill("500");
    await page.getByLabel("Value", { exact: true }).fill("a=1\nb=x=y");
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

  it("brings back what was deleted, whole and with its deadline", async () => {
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
    // Not over what has its name by then, and nothing twice.
    await row("l").getByRole("button").click();
    await gone(row("l"));
    await page.evaluate(() => globalThis.kv.set("l", "another"));
    await page.locator("#undo-button").click();
    await page.locator("#undo-text", { hasText: "another value has its name" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.kv.get("l")), "another");
    assert.equal(await page.locator("#undo-button").isHidden(), true);
    // What is too large to keep asks once more.
    await page.evaluate(() => globalThis.kv.set("large", "x".repeat(5_000_000)));
    await row("large").getByRole("button").click();
    await page.locator("#undo-text", { hasText: "Delete it again" }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.kv.exists("large")), true);
    await row("large").getByRole("button").click();
    await gone(row("large"));
  });

  it("shows what would hide or turn the line as escapes", async () => {
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

  it("gives the value the room that a missing deadline leaves", async () => {
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

  it("leads to the documents, which are there", async () => {
    for (const name of ["README", "Reference", "From the API you know"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.locator("h1").first().waitFor();
      const dead = await page.evaluate(async () => {
        const ids = new Set([...document.querySelectorAll("[id]")].map(({ id }) => id));
        const links = [...document.querySelectorAll("a")].map((each) => each.getAttribute("href"));
        const missing = links.filter((href) => href.startsWith("#") && !ids.has(href.slice(1)));
        const pages = [...new Set(links.filter((href) => !/^(#|https?:)/.test(href)))];
        const answers = await Promise.all(pages.map(async (href) => (await fetch(href)).ok || href));
        return [...missing, ...answers.filter((answer) => answer !== true)];
      });
      assert.deepEqual(dead, [], name);
      await page.getByRole("link", { name: "Playground" }).click();
      await page.waitForSelector("html[data-ready]");
    }
    assert.equal(
      await page.getByRole("link", { name: "npm", exact: true }).getAttribute("href"),
      "https://www.npmjs.com/package/omnikv",
    );
  });

  it("takes ten thousand keys, and draws few", async () => {
    await page.evaluate(async () => {
      const entries = Array.from({ length: 10_000 }, (_, n) => [`k:${String(n).padStart(5, "0")}`, n]);
      await globalThis.kv.mset(entries);
    });
    await page.locator("#key-count", { hasText: "10,000" }).waitFor();
    assert((await page.locator("#keys .key").count()) < 100);
    await page.locator("#keys").focus();
    await page.keyboard.press("End");
    await row("k:09999").waitFor();
    await page.keyboard.press("Enter");
    await page.locator("#value-body", { hasText: "9999" }).waitFor();
    await page.locator("#filter").fill("k:0123*");
    await page.locator("#key-count", { hasText: /^10$/ }).waitFor();
  });

  it("draws operations per second", async () => {
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

  it("counts what the developer tools ask for", async () => {
    await page.evaluate(async () => {
      const { kv } = globalThis;
      for (let nth = 0; nth < 30; nth += 1) await kv.incr("n");
      await kv.withPrefix("p").set("a", 1);
      await kv.multi().incr("n").incr("n").exec();
    });
    await page.waitForFunction(() => Number(document.getElementById("peak").textContent) >= 10);
    await row("p:a").waitFor();
  });

  it("shows what others wrote as text, never as HTML", async () => {
    const evil = `<img src=x onerror="globalThis.ran = true"><script>globalThis.ran = true</script>`;
    await page.evaluate(async (text) => {
      const { kv } = globalThis;
      await kv.set(`1${text}`, text);
      await kv.rpush(`2${text}`, text);
      await kv.hset(`3${text}`, { [text]: text });
      await kv.sadd(`4${text}`, text);
    }, evil);
    for (const nth of [1, 2, 3, 4]) {
      await row(`${nth}${evil}`).waitFor();
      await row(`${nth}${evil}`).click();
      await page.locator("#value-key", { hasText: `${nth}${evil}` }).waitFor();
      assert((await page.locator("#value-body").innerText()).includes(evil));
    }
    await type(`GET '1${evil}'`);
    await type(`HGETALL '3${evil}'`);
    await type(`'${evil}'`);
    await page.locator("#line").fill("GET 1<img");
    await page.locator("#line").press("a");
    await page.locator("#line").press("Backspace");
    await page.locator("#suggestions [role=option]", { hasText: "onerror" }).waitFor();
    await page.locator("#filter").fill(evil);
    assert((await logText()).includes("<script>"));
    assert.deepEqual(
      await page.evaluate(() => [globalThis.ran, document.querySelectorAll("img, body script").length]),
      [undefined, 0],
    );
  });

  it("forbids scripts and styles inside the page", async () => {
    const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    assert.match(policy, /default-src 'self'; script-src 'self' 'wasm-unsafe-eval';/);
    const html = await (await fetch(site.url)).text();
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
    const refused = await page.evaluate(() => {
      try {
        document.createElement("p").innerHTML = "<b>text</b>";
        return "taken";
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(refused, "TypeError");
    // The refusal above is what the page complains about, and rightly.
    complaints = complaints.filter((text) => !/TrustedHTML|Trusted Type/.test(text));
  });

  it("is used by keyboard alone", async () => {
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
    const tabTo = async (id) => {
      for (let presses = 0; presses < 40; presses += 1) {
        if ((await focused()) === id) return;
        await page.keyboard.press("Tab");
        const seen = await page.evaluate(() => {
          const { outlineStyle } = getComputedStyle(document.activeElement);
          const prompt = document.querySelector("#prompt");
          return outlineStyle !== "none" || getComputedStyle(prompt, "::after").borderStyle === "solid";
        });
        assert(seen, `the focus on ${await focused()} is seen`);
      }
      assert.fail(`Tab never comes to ${id}`);
    };
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "line");
    await page.keyboard.type("MSET a 1 b 2 c 3");
    await page.keyboard.press("Enter");
    await row("c").waitFor();

    await tabTo("example-head");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator("#example-code", { hasText: "page-views" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.locator("#log .entry.note", { hasText: "Page views: done" }).waitFor();

    await tabTo("filter");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "keys");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const active = await page.locator("#keys").getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active} .key-name`).textContent(), "b");
    await page.keyboard.press("Enter");
    await page.locator("#value-body", { hasText: "2" }).waitFor();
    await page.keyboard.press("Delete");
    await gone(row("b"));
    await page.locator("#status", { hasText: "Deleted b" }).waitFor({ state: "attached" });
    await page.keyboard.press("Control+z");
    await row("b").waitFor();
    await page.keyboard.press("Delete");
    await gone(row("b"));
    await tabTo("undo-button");
    await page.keyboard.press("Enter");
    await row("b").waitFor();
    assert.equal(await focused(), "keys", "the focus does not get lost with the button");
    await page.keyboard.press("Enter");
    await tabTo("value-close");
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "keys", "the focus comes back");

    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), "add");
    await page.keyboard.press("Enter");
    await page.keyboard.type("typed");
    await page.keyboard.press("Enter");
    await row("typed").waitFor();
    assert.equal(await focused(), "add");
  });

  it("names every control", async () => {
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, textarea, [tabindex]")]
        .filter((element) => {
          const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? "";
          return (label + element.textContent + (element.dataset.line ?? "")).trim() === "";
        })
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(unnamed, []);
  });

  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  it("is dark or light as the system is, until told otherwise, which it remembers", async () => {
    const light = await background();
    await visit({ colorScheme: "dark" });
    const dark = await background();
    assert.notEqual(dark, light);
    await page.getByRole("button", { name: "Switch to light" }).click();
    assert.equal(await background(), light);
    await open();
    assert.equal(await background(), light);
    await page.getByRole("button", { name: "Switch to dark" }).click();
    assert.equal(await background(), dark);
  });

  it("fits a phone's width", async () => {
    await visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await type(`SET ${"long".repeat(60)} ${"x".repeat(400)}`);
    await page.getByRole("button", { name: "Run Rate limit" }).click();
    await page.locator("#log .entry.note", { hasText: "Rate limit: done" }).waitFor();
    await row("rate-limit:42").click();
    await page.locator("#value-body", { hasText: "11" }).waitFor();
    await page.locator("#line").pressSequentially("h");
    await page.locator("#suggestions [role=option]").first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  });

  for (const width of [320, 390]) {
    it(`has room for fingers at ${width} pixels, and cuts no title`, async () => {
      await visit({ viewport: { width, height: 740 }, hasTouch: true, isMobile: true });
      await type("SET a 1 EX 500");
      await row("a").click();
      await page.locator("#value-body", { hasText: "1" }).waitFor();
      await page.locator("#line").pressSequentially("s");
      await page.locator("#suggestions [role=option]").first().waitFor();
      const found = await page.evaluate(() => {
        const touched = "a:not(.skip), button, input, select, #suggestions [role=option], #keys .key";
        const seen = [...document.querySelectorAll(touched)].filter((each) => each.offsetParent !== null);
        const small = seen.filter((each) => {
          const { width, height } = each.getBoundingClientRect();
          return height < 40 || width < (each.matches(".links a") ? 20 : 40);
        });
        const zoomed = seen.filter(
          (each) => each.matches("input, select") && parseFloat(getComputedStyle(each).fontSize) < 16,
        );
        const line = document.getElementById("line");
        const canvas = document.createElement("canvas").getContext("2d");
        canvas.font = getComputedStyle(line).font;
        const cut = [...document.querySelectorAll("h2")].filter(
          (each) => each.scrollWidth > each.clientWidth,
        );
        return {
          seen: seen.length,
          wrong: [...small, ...zoomed, ...cut].map((each) => each.outerHTML),
          placeholderFits: canvas.measureText(line.placeholder).width <= line.clientWidth,
          page: document.documentElement.scrollWidth,
        };
      });
      assert(found.seen > 20);
      assert.deepEqual(found.wrong, []);
      assert(found.placeholderFits);
      assert.equal(found.page, width);
    });
  }

  it("keeps still when movement is unwelcome", async () => {
    await visit({ reducedMotion: "reduce" });
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter(
          (each) => parseFloat(getComputedStyle(each).transitionDuration) > 0,
        ).length,
    );
    assert.equal(moving, 0);
  });
});
