// `omnikv playground`: serves the page to try the package, from the package itself, on loopback. It must serve nothing
// else.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { portOf, read } from "./options.js";
import { cannotListen, stopped } from "./listen.js";

export const HELP = `Usage: omnikv playground [options]

Serves a page to try the commands, on this machine only, and prints its URL.

Options:
  -p, --port PORT   the port (default: a free one)
      --open        opens the page in the browser
  -h, --help        prints this help
`;

const OPTIONS = { port: { type: "string", short: "p" }, open: { type: "boolean" } } as const;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** The package's own modules, which the page imports from its own folder. */
const MODULES = ["/omnikv.js", "/net.js", "/cron.js"];

/** Serves the page until a signal arrives. */
export async function playground(words: string[]): Promise<void> {
  const given = read("playground", words, OPTIONS);
  const port = portOf(given.port ?? "0");
  const server = createServer((request, response) => {
    fileOf(request.url ?? "/").then(
      ({ type, body }) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, port)));
    server.listen(port, "127.0.0.1", resolve);
  });
  const place = server.address();
  const url = `http://127.0.0.1:${typeof place === "object" && place !== null ? place.port : port}/`;
  process.stdout.write(`The playground is at ${url} (Ctrl+C stops it)\n`);
  if (given.open) open(url);
  await stopped(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

async function fileOf(target: string): Promise<{ type: string; body: Uint8Array }> {
  // Resolving the URL removes all upward steps from the path.
  const { pathname } = new URL(target, "http://localhost");
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const folder = MODULES.includes(path) ? "." : "./www";
  const file = fileURLToPath(new URL(folder + path, import.meta.url));
  return { type: `${TYPES[extname(path)] ?? "text/plain"}; charset=utf-8`, body: await readFile(file) };
}

/** Opens the page in the browser, if there is one; the URL is printed in any case. */
function open(url: string): void {
  const { platform } = process;
  const [program, ...words] =
    platform === "darwin" ? ["open"] : platform === "win32" ? ["cmd", "/c", "start"] : ["xdg-open"];
  const child = spawn(program as string, [...words, url], { detached: true, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
}
