// The Worker in Rust; its requests go on until the test lets them end: at a request's end workerd would close whatever it has
// connected.

import Inner from "./index.js";

export * from "./index.js";

export default {
  async fetch(request, env, context) {
    const response = await new Inner(context, env).fetch(request);
    await fetch(`${env.GATE}/closed`);
    return response;
  },
};
