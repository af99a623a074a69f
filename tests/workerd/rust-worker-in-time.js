// The Worker in Rust with a controllable time: `POST /-/advance/1000` advances the clock, `POST /-/clear` empties the
// store; both return the clock's time.

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
