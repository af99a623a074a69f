// A Worker with a rate limiter and sessions in a Durable Object, which is atomic, and a page cache in Cloudflare KV,
// which is close to every reader. Try it with `npx wrangler dev`.

import { connect } from "omnikv";

export { OmnikvObject } from "omnikv/durable-object";

const REQUESTS_A_MINUTE = 10;
const SESSION_SECONDS = 30 * 60;
const PAGE_SECONDS = 5 * 60;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const state = await connect(env.STATE, { prefix: "example" });
    const client = request.headers.get("cf-connecting-ip") ?? "nobody";
    if (!(await isAllowed(state, client))) return new Response("Too many requests\n", { status: 429 });
    switch (`${request.method} ${pathname}`) {
      case "POST /login":
        return logIn(state, await request.text());
      case "GET /me":
        return whoIs(state, request);
      case "GET /page":
        return page(env);
      default:
        return new Response("Not found\n", { status: 404 });
    }
  },
};

/** Counts requests in one-minute windows: the first request sets when the window ends. */
async function isAllowed(state, client) {
  const key = `rate:${client}`;
  const count = await state.incr(key);
  if (count === 1) await state.expire(key, 60);
  return count <= REQUESTS_A_MINUTE;
}

async function logIn(state, user) {
  const session = crypto.randomUUID();
  await state.set(`session:${session}`, user, { ttl: SESSION_SECONDS });
  const cookie = `session=${session}; HttpOnly; Secure; SameSite=Lax; Path=/`;
  return new Response("Welcome\n", { headers: { "set-cookie": cookie } });
}

async function whoIs(state, request) {
  const session = /(?:^|; )session=([^;]+)/.exec(request.headers.get("cookie") ?? "")?.[1];
  // Reading a session keeps it alive.
  const user = session && (await state.getex(`session:${session}`, { ttl: SESSION_SECONDS }));
  return user ? new Response(`${user}\n`) : new Response("Log in first\n", { status: 401 });
}

/** A page that is expensive to render: cached for five minutes. */
async function page(env) {
  const cache = await connect(env.CACHE, { prefix: "example" });
  const cached = await cache.get("page");
  if (cached !== null) return new Response(cached, { headers: { "x-cache": "hit" } });
  const made = `<p>Made at ${new Date().toISOString()}</p>\n`;
  await cache.set("page", made, { ttl: PAGE_SECONDS });
  return new Response(made, { headers: { "x-cache": "miss" } });
}
