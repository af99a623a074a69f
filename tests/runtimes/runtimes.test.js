// Every conformance case in the runtimes beside Node that the documentation names, as npm installs them.

import { execFile } from "node:child_process";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { redisServer } from "../js/redis-server.js";
import { suite } from "../js/suite.js";

const program = fileURLToPath(new URL("run.js", import.meta.url));
const tests = fileURLToPath(new URL("..", import.meta.url));
const RUNTIMES = {
  Deno: ["deno", "run", "--quiet", "--allow-all", "--node-modules-dir=manual"],
  Bun: ["bun"],
};

for (const [host, [runtime, ...words]] of Object.entries(RUNTIMES)) {
  describe(host, () => {
    let server;
    before(async () => {
      server = await redisServer();
    });
    after(() => server?.close());

    for (const backend of ["memory", "memory, synchronous", "redis"]) {
      let failures;
      // All at once: a process for each file would cost more than its cases.
      const failed = async () => {
        const where =
          backend === "redis" ? [JSON.stringify({ url: server.url, control: server.control })] : [];
        const given = ["--no-install", runtime, ...words, program, backend, ...where];
        const { stdout } = await promisify(execFile)("npx", given, { cwd: tests, maxBuffer: 1 << 26 });
        return JSON.parse(stdout);
      };
      const run = async (cases) => {
        failures ??= failed();
        const names = new Set(cases.map(({ name }) => name));
        return (await failures).filter(({ name }) => names.has(name));
      };
      suite({ host, backend, run });
    }
  });
}
