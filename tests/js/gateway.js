// Our gateway over a store, on loopback, for tests in this and other processes, with ways to empty the store and to
// advance its time. What is tested does not matter here.

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { connect } from "omnikv";
import { createGateway } from "omnikv/gateway";

/** The token of its clients. */
export const TOKEN = "the-token";

/** The time at which its clock begins. */
const START = 1_700_000_000_000;

/**
 * A gateway over a memory store. `url` is for clients. `POST /-/clear` empties the store, `POST /-/advance/1000`
 * advances the time; both return the clock's time.
 */
export async function gatewayOverMemory() {
  let now = START;
  let gateway;
  let store;
  const control = {
    async clear() {
      await store?.close();
      now = START;
      store = await connect("memory:", { clock: () => now, maxKeyBytes: 1 << 20 });
      gateway = createGateway(store, { token: TOKEN, allowedOrigins: ["*"] });
    },
    advance(ms) {
      now += ms;
    },
    /** Its time, and whether it moves by itself. */
    clock: () => ({ now, flows: false }),
  };
  await control.clear();
  return serve(
    (request) => gateway(request),
    control,
    () => store.close(),
  );
}

/** Listens for clients and for whoever controls the store. */
export async function serve(answer, control, close) {
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const steer = /^\/-\/(clear|advance)\/?(\d*)$/.exec(url);
    let response;
    if (steer !== null) {
      await control[steer[1]](Number(steer[2]));
      response = Response.json(control.clock(), { headers: { "access-control-allow-origin": "*" } });
    } else {
      const body = method === "GET" || method === "HEAD" ? undefined : Readable.toWeb(incoming);
      response = await answer(
        new Request(`http://localhost${url}`, { method, headers, body, duplex: "half" }),
      );
    }
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const authority = `127.0.0.1:${server.address().port}`;
  return {
    url: `upstash+http://:${TOKEN}@${authority}`,
    control: `http://${authority}/-`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}
