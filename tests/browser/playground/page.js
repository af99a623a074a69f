// The page itself: its security policy, keyboard, colours and widths.

import assert from "node:assert/strict";
import { gone } from "./visitor.js";

export function onThePage(it) {
  it("links to documents that exist", async ({ page }) => {
    const names = await page.locator(".links a").allTextContents();
    assert(names.includes("README") && names.includes("Backends"));
    for (const name of [...names, "How"]) {
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
    for (const link of await page.locator(".about").all()) {
      const [href, part] = (await link.getAttribute("href")).split("#");
      const text = await (await fetch(new URL(href, page.url()))).text();
      assert(text.includes(`id="${part}"`), part);
    }
    // Nothing is published yet, so all references must be local.
    const away = await page.evaluate(() =>
      [...document.querySelectorAll("[href], [src], meta[content^='http']")]
        .map((each) => each.getAttribute("href") ?? each.getAttribute("src") ?? each.content)
        .filter((address) => /^https?:/.test(address)),
    );
    assert.deepEqual(away, []);
  });

  it("tells what it is to those who pass its address on, and how it is installed", async ({ page, url }) => {
    const tags = await page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll("meta[property^='og:']")].map((each) => [
          each.getAttribute("property"),
          each.content,
        ]),
      ),
    );
    assert.equal(tags["og:title"], "omnikv playground");
    assert.match(tags["og:description"], /Redis/);
    const image = await fetch(new URL(tags["og:image"], url));
    assert.equal(image.headers.get("content-type"), "image/png");
    const readme = await (await fetch(new URL("docs/readme.html", url))).text();
    const line = await page.locator("#install-line").innerText();
    assert(readme.includes(line), "the README says the same");
  });

  it("begins without empty numbers", async ({ page }) => {
    assert.equal(await page.locator(".pulse-idle").isVisible(), true);
    for (const id of ["key-count", "rate", "peak"]) {
      assert.equal(await page.locator(`#${id}`).isVisible(), false, id);
    }
    const place = () => page.locator("#keys-panel").boundingBox();
    const before = await place();
    await page.locator("#line").fill("SET a 1");
    await page.keyboard.press("Enter");
    await page.locator("#fact-keys", { hasText: /^1$/ }).waitFor();
    assert.equal(await page.locator("#key-count").textContent(), "1");
    assert.equal(await page.locator(".pulse-idle").isVisible(), false);
    assert.deepEqual(await place(), before, "nothing moves");
  });

  it("shows values as text, never as HTML", async ({ page, type, logText, row }) => {
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

  it("forbids scripts and styles inside the page", async ({ page, url, forgive }) => {
    const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    assert.match(policy, /default-src 'self'; script-src 'self' 'wasm-unsafe-eval';/);
    assert.match(policy, /require-trusted-types-for 'script'; trusted-types worker$/);
    const html = await (await fetch(url)).text();
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
    // Programs run in their own thread, without the page.
    await page.locator("#program-source").fill("[typeof document, typeof localStorage]");
    await page.getByRole("button", { name: "Run the program" }).click();
    const result = page.locator("#log .entry.result");
    assert.match(await result.innerText(), /^\["undefined", "undefined"\]/);
    // The page complains about the refusal above, as it should.
    forgive(/TrustedHTML|Trusted Type/);
  });

  it("works with the keyboard alone", async ({ page, row }) => {
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
    const tabTo = async (id) => {
      for (let presses = 0; presses < 40; presses += 1) {
        if ((await focused()) === id) return;
        await page.keyboard.press("Tab");
        const seen = await page.evaluate(() => {
          const { outlineStyle } = getComputedStyle(document.activeElement);
          const prompt = document.querySelector("#prompt");
          const editor = getComputedStyle(document.querySelector(".editor"));
          return [outlineStyle, editor.outlineStyle, getComputedStyle(prompt, "::after").borderStyle].some(
            (style) => style !== "none",
          );
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

    await tabTo("program-run");
    await page.keyboard.press("Space");
    await page.locator("#log .entry.note", { hasText: "Start here: done" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#program-colours", { hasText: "createSession" }).waitFor();
    await tabTo("program-source");
    await page.keyboard.press("Control+Enter");
    await page.locator("#log .entry.note", { hasText: "Session: done" }).waitFor();
    await page.evaluate(() => globalThis.kv.del("greeting", "user:1", "session:42"));
    await gone(row("session:42"));

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

  it("names every control", async ({ page }) => {
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, textarea, [tabindex]")]
        .filter((element) => {
          const labelledBy = document.getElementById(element.getAttribute("aria-labelledby"))?.textContent;
          const label =
            element.getAttribute("aria-label") ?? labelledBy ?? element.labels?.[0]?.textContent ?? "";
          return (label + element.textContent + (element.dataset.line ?? "")).trim() === "";
        })
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(unnamed, []);
  });

  const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  it("follows the system's dark mode until changed, and remembers the choice", async ({
    page: before,
    visit,
    open,
  }) => {
    const light = await background(before);
    const page = await visit({ colorScheme: "dark" });
    const dark = await background(page);
    assert.notEqual(dark, light);
    await page.getByRole("button", { name: "Switch to light" }).click();
    assert.equal(await background(page), light);
    await open();
    assert.equal(await background(page), light);
    await page.getByRole("button", { name: "Switch to dark" }).click();
    assert.equal(await background(page), dark);
  });

  it("fits a phone's width", async ({ type, row, visit }) => {
    const page = await visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await type(`SET ${"long".repeat(60)} ${"x".repeat(400)}`);
    await page.getByRole("button", { name: "Rate limit" }).click();
    await page.locator("#program-colours", { hasText: "rate-limit" }).waitFor();
    await page.getByRole("button", { name: "Run the program" }).click();
    await page.locator("#log .entry.note", { hasText: "Rate limit: done" }).waitFor();
    await row("rate-limit:42").click();
    await page.locator("#value-body", { hasText: "11" }).waitFor();
    await page.locator("#value-edit").click();
    await page.locator("#ask[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#line").pressSequentially("h");
    await page.locator("#suggestions [role=option]").first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  });

  /** What a finger could miss, what makes phones zoom in, and titles that are cut. */
  const touched = (page) =>
    page.evaluate(() => {
      const selector =
        "a:not(.skip), button, input, select, summary, #suggestions [role=option], #keys .key, .record-row";
      const seen = [...document.querySelectorAll(selector)].filter((each) => each.offsetParent !== null);
      const small = seen.filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return height < 40 || width < (each.matches(".links a") ? 20 : 40);
      });
      const zoomed = seen.filter(
        (each) => each.matches("input, select") && parseFloat(getComputedStyle(each).fontSize) < 16,
      );
      const cut = [...document.querySelectorAll("h2")].filter((each) => each.scrollWidth > each.clientWidth);
      return {
        seen: seen.length,
        wrong: [...small, ...zoomed, ...cut].map((each) => each.outerHTML),
        page: document.documentElement.scrollWidth,
      };
    });

  for (const width of [320, 390]) {
    it(`has large touch targets at ${width} pixels, and cuts no title`, async ({ type, row, visit }) => {
      const page = await visit({ viewport: { width, height: 740 }, hasTouch: true, isMobile: true });
      await type("SET a 1 EX 500");
      await row("a").click();
      await page.locator("#value-body", { hasText: "1" }).waitFor();
      await page.locator("#line").pressSequentially("s");
      await page.locator("#suggestions [role=option]").first().waitFor();
      const look = async () => {
        const found = await touched(page);
        assert(found.seen > 20);
        assert.deepEqual(found.wrong, []);
        assert.equal(found.page, width);
      };
      await look();
      const placeholderFits = await page.evaluate(() => {
        const line = document.getElementById("line");
        const canvas = document.createElement("canvas").getContext("2d");
        canvas.font = getComputedStyle(line).font;
        return canvas.measureText(line.placeholder).width <= line.clientWidth;
      });
      assert(placeholderFits);

      await page.getByRole("tab", { name: "Records" }).click();
      await page.locator("#record-samples").click();
      await page.locator("#record-version", { hasText: "version 1" }).waitFor();
      await page.locator("#changes .change").first().waitFor();
      await look();
      await page.locator("#record-behind").click();
      await page.locator("#record-news", { hasText: "will conflict" }).waitFor();
      await page.locator("#record-save").click();
      await page.locator("#conflict").waitFor();
      await look();

      await page.getByRole("tab", { name: "Tasks" }).click();
      await page.locator("#worker-start").click();
      await page.locator("#task-form [name=name]").fill("hang");
      await page.locator("#task-form button").click();
      await page.locator(".lane.running .card").waitFor();
      await look();
    });
  }

  it("does not animate if reduced motion is preferred", async ({ visit }) => {
    const page = await visit({ reducedMotion: "reduce" });
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter(
          (each) => parseFloat(getComputedStyle(each).transitionDuration) > 0,
        ).length,
    );
    assert.equal(moving, 0);
  });
}
