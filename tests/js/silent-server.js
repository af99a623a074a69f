// A server that accepts connections and does not answer, like a stopped one, or that answers with another protocol.
// Counts the connections that clients keep open. What is sent to it does not matter here.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { createServer as createSecure } from "node:tls";

/** Starts one. `answer` is its answer to the first request; `tls` are the options of a TLS server. */
export async function silentServer({ answer = "", tls } = {}) {
  const changes = new EventEmitter();
  const open = new Set();
  let made = 0;
  const server = tls === undefined ? createServer() : createSecure(tls);
  // Before TLS, if any.
  server.on("connection", (socket) => {
    made++;
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      open.delete(socket);
      changes.emit("change");
    });
    changes.emit("change");
  });
  server.on(tls === undefined ? "connection" : "secureConnection", (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(answer));
    socket.resume();
  });
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const until = async (isSo) => {
    while (!isSo()) await once(changes, "change");
  };
  return {
    authority: `127.0.0.1:${server.address().port}`,
    port: server.address().port,
    /** The number of connections so far. */
    made: () => made,
    /** Waits for another connection after the first `count`. */
    reached: (count = 0) => until(() => made > count),
    /** Waits until clients have closed all of their connections. There must have been some. */
    empty: () => until(() => made > 0 && open.size === 0),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
