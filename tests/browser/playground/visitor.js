// A visitor of the playground, with a browser of their own.

import { launch } from "../chromium.js";
import { serve } from "../serve.js";

export class Visitor {
  /** The playground's URL. */
  url;
  page;
  /** What the page has logged as errors. */
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

  /** Starts a new visit with this screen and these preferences. */
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

  /** Opens or reloads the page. */
  open = async () => {
    await this.page.goto(this.url);
    await this.page.waitForSelector("html[data-ready]");
  };

  /** Ignores expected errors. */
  forgive = (pattern) => {
    this.complaints = this.complaints.filter((text) => !pattern.test(text));
  };

  /** Types a line and returns the reply. */
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

/** Waits until an element is no longer visible. */
export const gone = (locator) =>
  locator.waitFor({ state: "detached" }).catch(() => locator.waitFor({ state: "hidden" }));
