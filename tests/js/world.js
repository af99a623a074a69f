// Where conformance cases run that need a server: a store that is emptied for each case, and whose time passes when told. It
// must run in pages and Workers too.

import { inMovedTime } from "./moved-time.js";

/** A world on a server of `gateway.js` or `redis-server.js`, for one case. */
export async function remoteWorld({ url, options, control }) {
  let clock;
  const steer = async (what) => {
    const response = await fetch(`${control}/${what}`, { method: "POST" });
    clock = { ...(await response.json()), at: Date.now() };
  };
  await steer("clear");
  return {
    url,
    options,
    isServer: true,
    now: () => clock.now + (clock.flows ? Date.now() - clock.at : 0),
    advance: (ms) => steer(`advance/${ms}`),
    /** Opens stores in the server's time. */
    opener: (open) => {
      if (clock.ahead === undefined) return open;
      return async (url, options) => inMovedTime(await open(url, options), () => clock.ahead);
    },
  };
}

/** Runs cases and gives what failed: in memory, on a server, or in worlds that a function makes. */
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
