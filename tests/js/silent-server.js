// A server that accepts connections and does not answer, as one that is stopped, or that speaks something else. It counts the
// connections that clients keep open. It must not know what is sent to it.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { createServer as createSecure } from "node:tls";

/** Starts one. `answer` is what it says to what comes first; `tls` are the options of one that speaks TLS. */
export async function silentServer({ answer = "", tls } = {}) {
  const changes = new EventEmitter();
  const open = new Set();
  let made = 0;
  const server = tls === undefined ? createServer() : createSecure(tls);
  // Before TLS, where there is any.
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
    /** How many connections have ever been made. */
    made: () => made,
    /** Waits for a connection after the first `count`. */
    reached: (count = 0) => until(() => made > count),
    /** Waits until clients keep no connection. They must have made some. */
    empty: () => until(() => made > 0 && open.size === 0),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
