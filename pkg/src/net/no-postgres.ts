// Takes the place of `postgres.ts` in bundles for browsers, which have no sockets (`browser` in package.json).

import type { Shared } from "./net.js";

/** Says what to do instead. */
export function open(shared: Shared, op: string): Promise<never> {
  const fix =
    "put `npx omnikv serve --url postgres://...` before the database, and open that by upstash+http:// or upstash://";
  return Promise.reject(
    shared.failed(op, "unsupported", `(url) needs sockets, which a browser does not have: ${fix}`),
  );
}
