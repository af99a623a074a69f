// A Worker that calls a server which never answers, and then continues until the test lets it end: at the end of a
// request, workerd would close its connections.

import { connect } from "omnikv";

export default {
  async fetch(request) {
    const { url, options, gate, isGivenUp } = await request.json();
    const kv = await connect(url, options);
    const end = new AbortController();
    const got = kv.get("k", { signal: end.signal }).catch(({ code }) => code);
    if (isGivenUp) {
      await fetch(`${gate}/reached`);
      end.abort();
    }
    const code = await got;
    await fetch(`${gate}/closed`);
    await kv.close();
    return Response.json(code);
  },
};
