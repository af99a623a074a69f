// A Worker with a store in Durable Objects, for tests: it runs the calls it receives.

import { connect } from "omnikv";

export { OmnikvObject } from "omnikv/durable-object";

const shown = (error) => ({ code: error.code, message: error.message });

export default {
  async fetch(request, env) {
    const { url = "durable-object:OBJECTS", options, calls } = await request.json();
    const store = await connect(url, { ...options, env });
    const answers = [];
    for (const [method, ...given] of calls) {
      answers.push(await Promise.resolve(store[method](...given)).catch(shown));
    }
    await store.close();
    return Response.json(answers.map((answer) => answer ?? null));
  },
};
