// The Worker in Rust, whose requests last until the test lets them end: at the end of a request, workerd would close
// its connections.

import Inner from "./index.js";

export * from "./index.js";

export default {
  async fetch(request, env, context) {
    const response = await new Inner(context, env).fetch(request);
    await fetch(`${env.GATE}/closed`);
    return response;
  },
};
