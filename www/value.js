// The whole value of one key, by type, a page at a time, and the buttons that change it. It was written by others, so
// it is only inserted as text.

import { addItem, editExpiry, editItem, editString, rename } from "./edit.js";
import { escapedLines, named } from "./escapes.js";
import { announce, byId, make } from "./page.js";
import { indented, readable } from "./reply.js";
import { timeLeft } from "./time.js";

const PAGE_BYTES = 16_384;
const PAGE_ITEMS = 100;
const AS_BYTES = { as: "bytes" };

/** The panel under the key list. */
export class ValueView {
  /** The displayed key. */
  key;
  #kv;
  #panel = byId("value");
  #body = byId("value-body");
  #type = "";
  #deadline = -1;
  /** The items in the rows of a collection. */
  #items = [];
  #pages = 1;
  #seen = "";
  #closed;

  /**
   * `remove(key)` deletes a key, `change(work)` runs work that changes one; `closed()` is called when the panel closes.
   */
  constructor(kv, { remove, change, closed }) {
    this.#kv = kv;
    this.#closed = closed;
    const changes = {
      "value-edit": () => editString(kv, this.key),
      "value-add": () => addItem(kv, this.key, this.#type),
      "value-expiry": () => editExpiry(kv, this.key, this.#deadline),
      "value-rename": () => rename(kv, this.key, (to) => (this.key = to)),
    };
    for (const [id, work] of Object.entries(changes)) byId(id).addEventListener("click", () => change(work));
    this.#body.addEventListener("click", (event) => {
      const item = this.#items[event.target.closest("button")?.dataset.nth];
      if (item) change(() => editItem(kv, this.key, this.#type, item));
    });
    byId("value-delete").addEventListener("click", () => remove(this.key));
    byId("value-close").addEventListener("click", () => this.close());
    byId("value-more").addEventListener("click", () => {
      this.#pages += 1;
      // If it does not answer now, the next refresh of the list tries again.
      this.refresh().catch(() => undefined);
    });
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** Shows a key. */
  async open(key) {
    this.key = key;
    this.#pages = 1;
    this.#seen = "";
    await this.refresh();
    if (this.key === key) this.#body.scrollTop = 0;
  }

  /** Closes the panel. */
  close() {
    const hadFocus = this.#panel.contains(document.activeElement);
    this.key = undefined;
    this.#panel.hidden = true;
    if (hadFocus) this.#closed();
  }

  /** Reads the value again, and redraws it if it has changed. */
  async refresh() {
    const key = this.key;
    if (key === undefined) return;
    const read = await readValue(this.#kv, key, this.#pages);
    if (key !== this.key) return;
    if (read === undefined) {
      announce(`${named(key)} is gone`);
      this.close();
      return;
    }
    this.#deadline = read.deadline;
    this.tick();
    const isText = read.type === "string";
    const shown = isText ? read.content : read.content.map((item) => item.map(shownOf));
    const seen = JSON.stringify([key, shown, read.type, read.size]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#type = read.type;
    this.#items = isText ? [] : read.content;
    this.#panel.hidden = false;
    byId("value-key").textContent = named(key);
    byId("value-type").textContent = read.type;
    byId("value-type").className = `badge ${read.type}`;
    byId("value-size").textContent = sizeOf(read);
    byId("value-edit").hidden = !isText;
    byId("value-add").hidden = isText;
    byId("value-more").hidden = !read.hasMore;
    this.#draw(isText ? asText(shown) : asTable(COLUMNS[read.type], shown));
  }

  /** Keeps the focus on the button of the same row. */
  #draw(content) {
    const { nth } = this.#body.contains(document.activeElement) ? document.activeElement.dataset : {};
    this.#body.replaceChildren(content);
    if (nth !== undefined) (this.#body.querySelector(`[data-nth="${nth}"]`) ?? this.#body).focus();
  }

  /** Updates the countdown. */
  tick() {
    byId("value-left").textContent =
      this.#deadline > 0 ? `expires in ${timeLeft(this.#deadline)}` : "does not expire";
  }
}

const UNITS = { string: "byte", list: "element", hash: "field", set: "member", zset: "member" };
const sizeOf = ({ type, size }) => `${size.toLocaleString("en")} ${UNITS[type]}${size === 1 ? "" : "s"}`;

/** A key's value, up to this many pages; `undefined` if the key does not exist. */
async function readValue(kv, key, pages) {
  const [type, deadline] = [await kv.type(key), await kv.pexpiretime(key)];
  if (type === "none") return undefined;
  try {
    return { type, deadline, ...(await READ[type](kv, key, pages)) };
  } catch (error) {
    // It changed its type between two reads: the next refresh will see that.
    if (error.code === "wrong-type") return undefined;
    throw error;
  }
}

const READ = {
  async string(kv, key, pages) {
    const [size, bytes] = [await kv.strlen(key), await kv.getrange(key, 0, pages * PAGE_BYTES - 1, AS_BYTES)];
    return { size, content: readable(bytes), hasMore: bytes.length < size };
  },
  async list(kv, key, pages) {
    const [size, items] = [await kv.llen(key), await kv.lrange(key, 0, pages * PAGE_ITEMS - 1, AS_BYTES)];
    return { size, content: items.map((item, index) => [index, item]), hasMore: items.length < size };
  },
  async hash(kv, key, pages) {
    const size = await kv.hlen(key);
    const { items, hasMore } = await collect(pages, async (cursor) => {
      const page = await kv.hscan(key, cursor, { count: PAGE_ITEMS, ...AS_BYTES });
      return [page.cursor, page.entries];
    });
    return { size, content: items.sort(byFirst), hasMore };
  },
  async zset(kv, key, pages) {
    const last = pages * PAGE_ITEMS - 1;
    const items = await kv.zrange(key, 0, last, { withScores: true, ...AS_BYTES });
    const size = await kv.zcard(key);
    return { size, content: items, hasMore: items.length < size };
  },
  async set(kv, key, pages) {
    const size = await kv.scard(key);
    const { items, hasMore } = await collect(pages, async (cursor) => {
      const page = await kv.sscan(key, cursor, { count: PAGE_ITEMS, ...AS_BYTES });
      return [page.cursor, page.members];
    });
    return { size, content: items.map((item) => [item]).sort(byFirst), hasMore };
  },
};

const COLUMNS = {
  list: ["index", "element"],
  hash: ["field", "value"],
  set: ["member"],
  zset: ["member", "score"],
};
const byFirst = ([one], [other]) => (readable(one) < readable(other) ? -1 : 1);

/** This many pages of a scan. */
async function collect(pages, next) {
  const items = [];
  let cursor = "0";
  for (let page = 0; page < pages; page += 1) {
    const [following, found] = await next(cursor);
    items.push(...found);
    cursor = following;
    if (cursor === "0") break;
  }
  return { items, hasMore: cursor !== "0" };
}

const shownOf = (part) => (typeof part === "number" ? String(part) : readable(part));

const asText = (text) => make("pre", { class: "text" }, escapedLines(indented(text)));

/** A table with a row for each item, and a button to change it. */
function asTable(names, rows) {
  const cells = (tag, texts, attributes) => texts.map((text) => make(tag, attributes, escapedLines(text)));
  const edit = ([name], nth) =>
    make(
      "button",
      { type: "button", class: "quiet", "data-nth": nth, "aria-label": `Edit ${named(name)}` },
      "Edit",
    );
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...cells("th", names, { scope: "col" }), make("td"))),
    make(
      "tbody",
      {},
      ...rows.map((row, nth) =>
        make("tr", {}, ...cells("td", row), make("td", { class: "edit" }, edit(row, nth))),
      ),
    ),
  );
}
