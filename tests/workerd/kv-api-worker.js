// Cloudflare's REST API for KV, as documented, over a real namespace in workerd: outside Cloudflare there is no such
// API (miniflare's explorer has no bulk writes and returns no metadata). It keeps no state.

/** The token of its clients. */
const TOKEN = "t0p-s3cret";

const ROOT = /^\/client\/v4\/accounts\/account\/storage\/kv\/namespaces\/names\/(.+)$/;

const ok = (result, result_info) =>
  Response.json({ success: true, errors: [], messages: [], result, ...(result_info && { result_info }) });
const refused = (status, code) =>
  Response.json({ success: false, errors: [{ code }], messages: [], result: null }, { status });

const written = (keys) => ok({ successful_key_count: keys.length, unsuccessful_keys: [] });

/** Handlers by method and path, which may end with a key. */
const ANSWERS = {
  "POST bulk/get": async (kv, request) => {
    const { keys } = await request.json();
    const found = await kv.getWithMetadata(keys, "text");
    const told = ({ value, metadata }) => (value === null ? null : { value, metadata });
    return ok({ values: Object.fromEntries(keys.map((key) => [key, told(found.get(key))])) });
  },
  "PUT bulk": async (kv, request) => {
    const pairs = await request.json();
    for (const { key, value, base64, metadata, expiration_ttl: expirationTtl } of pairs) {
      await kv.put(key, base64 ? Uint8Array.fromBase64(value) : value, {
        ...(metadata && { metadata }),
        ...(expirationTtl && { expirationTtl }),
      });
    }
    return written(pairs);
  },
  "POST bulk/delete": async (kv, request) => {
    const keys = await request.json();
    for (const key of keys) await kv.delete(key);
    return written(keys);
  },
  "GET keys": async (kv, request) => {
    const asked = new URL(request.url).searchParams;
    const page = await kv.list({
      limit: Number(asked.get("limit")),
      prefix: asked.get("prefix") ?? "",
      ...(asked.has("cursor") && { cursor: asked.get("cursor") }),
    });
    return ok(page.keys, { count: page.keys.length, cursor: page.list_complete ? "" : page.cursor });
  },
  "GET values": async (kv, _, key) => {
    const value = await kv.get(key, "arrayBuffer");
    return value === null ? refused(404, 10009) : new Response(value);
  },
  "GET metadata": async (kv, _, key) => {
    const { value, metadata } = await kv.getWithMetadata(key, "arrayBuffer");
    return value === null ? refused(404, 10009) : ok(metadata);
  },
};

export default {
  async fetch(request, { KV }) {
    const { pathname } = new URL(request.url);
    if (pathname === "/clear") {
      for (const { name } of (await KV.list()).keys) await KV.delete(name);
      return new Response();
    }
    if (request.headers.get("authorization") !== `Bearer ${TOKEN}`) return refused(403, 10000);
    const path = ROOT.exec(pathname)?.[1];
    const [, plain, key] = /^(values|metadata)\/(.+)$/.exec(path) ?? [undefined, path];
    const answer = ANSWERS[`${request.method} ${plain}`];
    if (answer === undefined) return refused(404, 7003);
    try {
      return await answer(KV, request, key && decodeURIComponent(key));
    } catch (error) {
      // The platform rejects requests that break its rules.
      return refused(Number(/\b4\d\d\b/.exec(error.message)?.[0] ?? 400), 10033);
    }
  },
};
