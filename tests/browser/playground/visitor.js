// Somebody at the playground, in a browser of their own.

import { launch } from "../chromium.js";
import { serve } from "../serve.js";

export class Visitor {
  /** Where the playground is. */
  url;
  page;
  /** What the page complained about. */
  complaints = [];
  #site;
  #browser;
  #context;

  static async at(folder) {
    const visitor = new Visitor();
    visitor.#site = await serve(folder);
    visitor.url = visitor.#site.url;
    visitor.#browser = await launch();
    return visitor;
  }

  async close() {
    await this.#browser.close();
    this.#site.close();
  }

  /** Comes as somebody else, who has such a screen and such preferences. */
  visit = async (options = {}) => {
    await this.leave();
    this.#context = await this.#browser.newContext({ viewport: { width: 1360, height: 850 }, ...options });
    this.page = await this.#context.newPage();
    this.complaints = [];
    this.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    this.page.on("pageerror", (error) => this.complaints.push(error.message));
    await this.open();
    return this.page;
  };

  leave = async () => {
    await this.#context?.close();
    this.#context = undefined;
  };

  /** Opens the page, or opens it again. */
  open = async () => {
    await this.page.goto(this.url);
    await this.page.waitForSelector("html[data-ready]");
  };

  /** Complaints like these are rightly made. */
  forgive = (pattern) => {
    this.complaints = this.complaints.filter((text) => !pattern.test(text));
  };

  /** Types a line as people do and gives what was answered. */
  type = async (line) => {
    const entries = this.page.locator("#log .entry");
    const before = await entries.count();
    await this.page.locator("#line").pressSequentially(line);
    await this.page.keyboard.press("Escape");
    await this.page.keyboard.press("Enter");
    await entries.nth(before + 1).waitFor();
    return entries.nth(before + 1).textContent();
  };

  logText = () => this.page.locator("#log").innerText();

  /** A key in the list. */
  row = (key) => {
    const name = this.page.locator(`.key-name[title=${JSON.stringify(key)}]`);
    return this.page.locator("#keys .key:visible", { has: name });
  };
}

/** Waits until something is no longer seen. */
export const gone = (locator) =>
  locator.waitFor({ state: "detached" }).catch(() => locator.waitFor({ state: "hidden" }));
