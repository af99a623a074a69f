// A Worker that asks a server which never answers, and then goes on until the test lets it: at a request's end workerd would close
// whatever it has connected.

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
