// The world of conformance cases on a server: a store that is emptied for each case, and whose time can be advanced.
// Also runs in pages and Workers.

import { inMovedTime } from "./moved-time.js";

/** A world for one case on a server of `gateway.js`, `redis-server.js` or `rqlite-server.js`. */
export async function remoteWorld({ url, options, control }) {
  let clock;
  const steer = async (what) => {
    const response = await fetch(`${control}/${what}`, { method: "POST" });
    clock = { ...(await response.json()), at: Date.now() };
  };
  await steer("clear");
  return {
    url,
    options: clock.isOurs ? { ...options, clock: () => clock.now } : options,
    isServer: true,
    now: () => clock.now + (clock.flows ? Date.now() - clock.at : 0),
    advance: (ms) => steer(`advance/${ms}`),
    /** Opens stores with the server's time. */
    opener: (open) => {
      if (clock.ahead === undefined) return open;
      return async (url, options) => inMovedTime(await open(url, options), () => clock.ahead);
    },
  };
}

/** Runs cases and returns the failures: in memory, on a server, or in worlds created by a function. */
export async function runAll(cases, runCase, open, server) {
  const failures = [];
  for (const testCase of cases) {
    const world = await (typeof server === "function" ? server() : server && remoteWorld(server));
    await runCase(testCase, world?.opener?.(open) ?? open, world).catch(({ message, code, step }) => {
      failures.push({ name: testCase.name, message, code, step });
    });
  }
  return failures;
}
