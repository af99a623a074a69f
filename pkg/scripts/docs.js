// Converts the Markdown documents to pages beside the playground (www/docs/). It contains no text of its own.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Marked } from "marked";

/** Each document, relative to the project's root, and the name of its page. */
const PAGES = {
  "README.md": "readme",
  "www/records.md": "records",
  "www/cli.md": "cli",
  "www/reference.md": "reference",
  "www/seeds.md": "seeds",
  "www/semantics.md": "semantics",
  "www/matrix.md": "matrix",
  "www/speed.md": "speed",
  "www/backends/README.md": "backends",
  "www/backends/redis.md": "redis",
  "www/backends/upstash.md": "upstash",
  "www/backends/cloudflare-kv.md": "cloudflare-kv",
  "www/backends/durable-objects.md": "durable-objects",
  "www/backends/sqlite.md": "sqlite",
  "www/backends/indexeddb.md": "indexeddb",
  "www/backends/memcached.md": "memcached",
  "pkg/worker/README.md": "worker",
};
/** The links at the top of every page. */
const LINKS = {
  readme: "README",
  records: "Records and tasks",
  cli: "Command line",
  reference: "Reference",
  seeds: "From the API you know",
  backends: "Backends",
  semantics: "Semantics",
  matrix: "Where it runs",
  speed: "Speed",
};

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Writes all pages. */
export function writePages() {
  const folder = `${root}www/docs/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [path, name] of Object.entries(PAGES)) {
    writeFileSync(`${folder}${name}.html`, page(path, name));
  }
}

function page(path, name) {
  const text = readFileSync(`${root}${path}`, "utf8");
  const title = /^# (.*)$/m.exec(text)[1].replaceAll("`", "");
  const links = Object.entries(LINKS).map(
    ([other, label]) => `<a href="${other}.html"${other === name ? ' aria-current="page"' : ""}>${label}</a>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'self'; object-src 'none'; base-uri 'none'" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)} · omnikv</title>
    <link rel="icon" href="../icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="../styles/base.css" />
    <link rel="stylesheet" href="../styles/page.css" />
    <link rel="stylesheet" href="../styles/document.css" />
    <link rel="stylesheet" href="../styles/adapt.css" />
    <script src="../theme.js"></script>
  </head>
  <body class="doc">
    <nav class="doc-nav" aria-label="Documents"><a href="../">Playground</a>${links.join("")}</nav>
    <main>
${markdown(path).parse(text)}    </main>
  </body>
</html>
`;
}

/** A Markdown converter that knows where a document is, so that its links lead to pages. */
function markdown(path) {
  const seen = new Map();
  return new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${anchor(text, seen)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      table(token) {
        const cells = (row, tag) =>
          row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("");
        const rows = token.rows.map((row) => `<tr>${cells(row, "td")}</tr>\n`).join("");
        const head = token.header.some(({ text }) => text !== "")
          ? `<thead><tr>${cells(token.header, "th")}</tr></thead>\n`
          : "";
        return `<div class="wide" tabindex="0" role="group" aria-label="Table"><table>${head}<tbody>${rows}</tbody></table></div>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = leadingTo(path, href);
        return target === undefined ? text : `<a href="${escapeHtml(target)}">${text}</a>`;
      },
    },
  });
}

/** Where a document's link leads among the pages; `undefined` if its target is not a page. */
function leadingTo(path, href) {
  if (/^(https?:|#)/.test(href)) return href;
  const [file, part] = href.split("#");
  const name = PAGES[posix.join(posix.dirname(path), file)];
  return name && `${name}.html${part === undefined ? "" : `#${part}`}`;
}

/** The anchor of a heading, as code hosts generate it. */
function anchor(text, seen) {
  const plain = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
  const nth = seen.get(plain) ?? 0;
  seen.set(plain, nth + 1);
  return nth === 0 ? plain : `${plain}-${nth}`;
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeHtml = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
