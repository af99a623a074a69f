// A remote store: our server over memory, with a token.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { gone } from "./visitor.js";

export function atAServer(it) {
  describe("over a server", () => {
    const TOKEN = "the-token-of-a-user";
    const servers = [];

    /** Starts `omnikv serve` and returns its URL. */
    async function serveStore(...words) {
      const cli = fileURLToPath(new URL("../../../pkg/dist/cli.js", import.meta.url));
      const env = { ...process.env, OMNIKV_TOKEN: TOKEN };
      const server = spawn(process.execPath, [cli, "serve", "--port", "0", "--json", ...words], { env });
      servers.push(server);
      const [line] = await once(createInterface(server.stdout), "line");
      return JSON.parse(line).url;
    }

    afterEach(() => servers.splice(0).forEach((server) => server.kill()));

    /** Switches to a store and returns the page's message. */
    async function go(page, url, token = "") {
      await page.locator("#place-url").fill(url);
      if (token !== "") await page.locator("#place-token").fill(token);
      await page.locator("#place-connect").click();
      await page.waitForFunction(() => document.getElementById("place").dataset.state !== "busy");
      return page.locator("#place-state").textContent();
    }

    it("has the same console, examples and keys, and keeps no token", async ({ page, url, type, row }) => {
      const server = await serveStore("--allow-origin", new URL(url).origin);
      const { host } = new URL(server);
      let requests = 0;
      page.on("request", (request) => {
        if (request.url().startsWith(server)) requests++;
      });
      await type("SET here 1");
      // A token in the URL is hidden.
      await page.locator("#place-url").fill(`upstash+http://:${TOKEN}@${host}`);
      assert.equal(await page.locator("#place-url").inputValue(), `upstash+http://${host}`);
      await page.locator("#place-connect").click();
      await page.locator('#place[data-state="away"]').waitFor();
      assert.match(await page.locator("#place-state").textContent(), new RegExp(`^Connected to ${host}`));
      await gone(row("here"));
      assert.equal(await type('SET greeting "hello" EX 50'), "OK");
      assert.equal(await type("GET greeting"), '"hello"');
      await row("greeting").filter({ hasText: /\d s/ }).waitFor();
      await type("EXPIRE greeting 1");
      await gone(row("greeting"));
      await page.locator("#examples").getByRole("button", { name: "Task queue" }).click();
      await page.locator("#program-colours", { hasText: "task-queue" }).waitFor();
      await page.getByRole("button", { name: "Run the program" }).click();
      await page.locator("#log .entry.note", { hasText: "done in" }).waitFor();
      await type(String.raw`SET mine "\xff\x00" EX 500`);
      await row("mine").getByRole("button").click();
      await gone(row("mine"));
      await page.locator("#undo-button").click();
      await row("mine").waitFor();
      assert.equal(await type("GET mine"), String.raw`"\xff\x00"`);
      assert.match(await type("TTL mine"), /^\(integer\) (500|4\d\d)$/);
      const seen = await page.evaluate(() => [
        document.documentElement.outerHTML,
        location.href,
        JSON.stringify(localStorage),
        [...document.querySelectorAll("input")].map(({ value }) => value).join(" "),
      ]);
      assert(!seen.join(" ").includes(TOKEN));
      // An idle page is silent for seconds between its refreshes.
      for (let before, rounds = 0; requests !== before; rounds++) {
        assert(rounds < 10, "an idle page asks seldom");
        before = requests;
        await page.waitForTimeout(2_000);
      }
      await page.locator("#place-leave").click();
      await row("here").waitFor();
      assert.equal(await page.locator("#console-url").textContent(), "memory:playground");
      assert.equal(await type("EXISTS greeting"), "(integer) 0");
    });

    it("has records, changes and tasks, and asks seldom for them", async ({ page, url }) => {
      const server = await serveStore("--allow-origin", new URL(url).origin);
      await go(page, server, TOKEN);
      let requests = 0;
      page.on("request", (request) => {
        if (request.url().startsWith(server)) requests++;
      });
      await page.getByRole("tab", { name: "Records" }).click();
      await page.locator("#record-samples").click();
      await page.locator("#changes .change summary", { hasText: "order:1" }).waitFor();
      await page.locator("#record-version", { hasText: "version 1" }).waitFor();
      // Another program.
      const authorization = `Bearer ${TOKEN}`;
      const body = JSON.stringify(["RECORDS.PATCH", "person:ada", "-1", '{"age":37}']);
      const answer = await fetch(server, { method: "POST", headers: { authorization }, body });
      assert.equal(answer.status, 200);
      await page.locator("#record-version", { hasText: "version 2" }).waitFor();
      for (let before, rounds = 0; requests !== before; rounds++) {
        assert(rounds < 10, "an idle page asks seldom");
        before = requests;
        await page.waitForTimeout(2_000);
      }
      await page.getByRole("tab", { name: "Tasks" }).click();
      await page.locator("#worker-start").click();
      await page.locator("#task-form button").click();
      await page.locator(".lane.completed .card").waitFor();
      await page.locator("#place-leave").click();
      await page.locator(".lane.completed .card").waitFor({ state: "detached" });
      await page.locator("#workers .none").waitFor();
    });

    it("empties the server only when that is confirmed", async ({ page, url, row, type }) => {
      const server = await serveStore("--allow-origin", new URL(url).origin);
      await go(page, server, TOKEN);
      const host = new URL(server).host;
      const line = page.locator("#line");
      const flush = async (words, answer) => {
        await line.fill(words);
        await page.keyboard.press("Enter");
        await page.locator("#ask[open]").waitFor();
        assert.equal(await page.locator("#ask-title").textContent(), `Delete all keys of ${host}?`);
        assert.equal(
          await page.evaluate(() => document.activeElement.id),
          "ask-cancel",
          "Enter deletes nothing",
        );
        await page.locator(answer).click();
      };
      await type("MSET a 1 b 2");
      await row("a").waitFor();
      await flush("FLUSHDB", "#ask-cancel");
      await page.locator("#log .entry.error", { hasText: "nothing was deleted" }).waitFor();
      assert.equal(await type("DBSIZE"), "(integer) 2");
      await flush("flushdb", "#ask-submit");
      await gone(row("a"));
      assert.equal(await type("DBSIZE"), "(integer) 0");
      await type("SET a 1");
      await flush("FLUSH", "#ask-submit");
      await gone(row("a"));
      await type("MULTI");
      await type("SET b 1");
      await flush("FLUSHALL", "#ask-submit");
      await page.locator("#log .entry.reply", { hasText: "QUEUED" }).nth(1).waitFor();
      assert.equal(await type("EXEC"), "1) OK\n2) OK");
      // Programs need a confirmation too, and links run none.
      await type("SET kept 1");
      await page.evaluate((text) => {
        location.hash = `#run=${btoa(text)}`;
      }, "await kv.flush({ all: true })");
      await page.locator("#program-note", { hasText: "Read it before you run it" }).waitFor();
      assert.equal(await type("DBSIZE"), "(integer) 1");
      await page.getByRole("button", { name: "Run the program" }).click();
      await page.locator("#ask-cancel").click();
      await page.locator("#log .block .entry.error", { hasText: "nothing was deleted" }).waitFor();
      assert.equal(await type("DBSIZE"), "(integer) 1");
      // In this tab nobody else has keys.
      await page.locator("#place-leave").click();
      await page.locator('#place[data-state="here"]').waitFor();
      assert.equal(await type("FLUSHALL"), "OK");
    });

    it("reports errors with advice", async ({ page, url, forgive }) => {
      const open = await serveStore("--allow-origin", new URL(url).origin);
      const shut = await serveStore();
      assert.match(await go(page, open, "wrong"), /^The server refused the token/);
      assert.equal(await page.locator("#place-token").inputValue(), "");
      assert.match(await go(page, shut, TOKEN), /answers, but lets no pages .* in.* --allow-origin http/);
      assert.match(await go(page, "redis://localhost"), /no sockets.* serve --url redis/);
      assert.match(await go(page, "ftp://localhost"), /^Expects https/);
      await go(page, open, TOKEN);
      servers[0].kill();
      await once(servers[0], "exit");
      assert.match(await go(page, open, TOKEN), /^Nobody answers there.* Still connected to/);
      await page.locator("#place-leave").click();
      await page.locator('#place[data-state="here"]').waitFor();
      // The browser itself reports failed requests.
      forgive(/Failed to load resource|blocked by CORS/);
    });
  });
}
