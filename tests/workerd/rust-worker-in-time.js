// The Worker in Rust with a controllable time: `POST /-/advance/1000` advances the clock, `POST /-/clear` begins with an
// empty store; both return the clock's time.

import Inner from "./index.js";

export { OmnikvObject } from "./index.js";

const { now } = Date;
let ahead = 0;
Date.now = () => now() + ahead;

/** How many stores have begun. */
let begun = 0;

/** The objects of one store: each has objects of its own. The Worker asks for this name of the class. */
class DurableObjectNamespace {
  #objects;

  constructor(objects) {
    this.#objects = objects;
  }

  idFromName(name) {
    return this.#objects.idFromName(`${name}, store ${begun}`);
  }

  get(id) {
    return this.#objects.get(id);
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    const [, what, ms] = /^\/-\/(clear|advance)\/?(\d*)$/.exec(pathname) ?? [];
    if (what === undefined) {
      const own = { ...env, STATE: new DurableObjectNamespace(env.STATE) };
      if (env.OMNIKV_URL === "memory:") own.OMNIKV_URL = `memory:${begun}`;
      return new Inner(ctx, own).fetch(request);
    }
    ahead += Number(ms);
    if (what === "clear") begun++;
    return Response.json({ now: Date.now(), flows: true });
  },
};
