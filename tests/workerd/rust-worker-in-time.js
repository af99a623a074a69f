// The Worker in Rust with a controllable time: `POST /-/advance/1000` advances the clock, `POST /-/set/1000` stops it at a
// time, `POST /-/clear` begins with an empty store; all return the clock's time.

import Inner from "./index.js";

export { OmnikvObject } from "./index.js";

const { now } = Date;
let ahead = 0;
let stopped;
Date.now = () => stopped ?? now() + ahead;

/** How many stores have begun. */
let begun = 0;

/** Removes a store's tables. */
async function empty(database) {
  const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'omnikv%'";
  const { results } = await database.prepare(tables).all();
  for (const { name } of results) await database.prepare(`DROP TABLE ${name}`).run();
}

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
    const [, what, ms] = /^\/-\/(clear|advance|set)\/?(\d*)$/.exec(pathname) ?? [];
    if (what === undefined) {
      const own = { ...env, STATE: new DurableObjectNamespace(env.STATE) };
      if (env.OMNIKV_URL === "memory:") own.OMNIKV_URL = `memory:${begun}`;
      return new Inner(ctx, own).fetch(request);
    }
    if (what === "advance") ahead += Number(ms);
    if (what === "set") stopped = Number(ms);
    if (what === "clear") {
      begun++;
      if (env.OMNIKV_URL === "d1:DB") await empty(env.DB);
    }
    return Response.json({ now: Date.now(), flows: true });
  },
};
