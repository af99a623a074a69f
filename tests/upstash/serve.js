// `omnikv serve` as users start it, for tests. What is requested of it does not matter here.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The command. */
export const CLI = fileURLToPath(
  import.meta.resolve("omnikv/package.json").replace("package.json", "dist/cli.js"),
);

/** Starts it on a free port, and returns what it prints about itself. */
export async function serve(words = [], env = {}) {
  const given = ["serve", "--port", "0", "--json", ...words];
  const child = spawn(process.execPath, [CLI, ...given], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const [first] = await Promise.race([
    createInterface(child.stdout)
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value]),
    ended.then(() => Promise.reject(new Error(`it has ended: ${said}`))),
  ]);
  return {
    ...JSON.parse(first),
    /** Everything it has printed. */
    said: () => said,
    /** Sends a signal, and returns the exit code. */
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}
