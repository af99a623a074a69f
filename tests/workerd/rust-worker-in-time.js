// The Worker in Rust, in a time that passes when told: `POST /-/advance/1000` puts the clock on, `POST /-/clear` empties the store;
// both answer what the clock shows.

import Inner from "./index.js";

export { OmnikvObject } from "./index.js";

const { now } = Date;
let ahead = 0;
Date.now = () => now() + ahead;

export default {
  async fetch(request, env, ctx) {
    const inner = new Inner(ctx, env);
    const { pathname, origin } = new URL(request.url);
    const [, what, ms] = /^\/-\/(clear|advance)\/?(\d*)$/.exec(pathname) ?? [];
    if (what === undefined) return inner.fetch(request);
    ahead += Number(ms);
    if (what === "clear") {
      const headers = { authorization: `Bearer ${env.OMNIKV_TOKEN}` };
      const done = await inner.fetch(new Request(`${origin}/flushdb`, { method: "POST", headers }));
      if (done.status !== 200) return done;
    }
    return Response.json({ now: Date.now(), flows: true });
  },
};
