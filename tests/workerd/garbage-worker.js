// A Worker that runs the garbage collection tests, and returns their errors.

import { garbage } from "../both/garbage.js";

export default {
  async fetch(request) {
    const { name } = await request.json();
    const failure = await garbage[name]().then(
      () => undefined,
      (error) => `${error.message}\n${error.stack}`,
    );
    return Response.json({ failure });
  },
};
