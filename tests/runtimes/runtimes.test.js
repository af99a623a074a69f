// Every conformance case in the runtimes beside Node that the documentation names, as npm installs them.

import { after, before, describe } from "node:test";
import { redisServer } from "../js/redis-server.js";
import { suite } from "../js/suite.js";
import { conformance } from "./start.js";

for (const host of ["Deno", "Bun"]) {
  describe(host, () => {
    let server;
    before(async () => {
      server = await redisServer();
    });
    after(() => server?.close());

    for (const backend of ["memory", "memory, synchronous", "redis"]) {
      const where = () => (backend === "redis" ? { url: server.url, control: server.control } : undefined);
      suite({ host, backend, run: conformance(host, backend, where) });
    }
  });
}
