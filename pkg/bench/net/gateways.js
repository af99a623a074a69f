// Requests per second of a gateway: keep-alive connections that each send one request after the other, over plain
// sockets, so that the client costs little. Any gateway can be measured.

import { once } from "node:events";
import { connect } from "node:net";
import { TOKEN } from "./servers.js";

const CONNECTIONS = 32;

const request = (path, body) =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

const KEY = "user:session:000001";

/** The requests. */
export const asks = [
  { name: "get", request: request("/", JSON.stringify(["GET", KEY])), count: 2_000 },
  {
    name: "set",
    request: request("/", JSON.stringify(["SET", KEY, "0123456789abcdef0123456789abcdef"])),
    count: 2_000,
  },
  {
    name: "pipeline of 100 gets",
    request: request("/pipeline", JSON.stringify(Array(100).fill(["GET", KEY]))),
    count: 200,
  },
];

/** Opens connections to a gateway. */
export async function connections(url) {
  const { hostname: host, port } = new URL(url);
  const sockets = Array.from({ length: CONNECTIONS }, () =>
    connect({ host, port: Number(port) }).setNoDelay(true),
  );
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return sockets;
}

/** Sends this many requests over the connections, and waits for the responses. */
export async function send(sockets, { request, count }) {
  let left = count;
  const caller = async (socket) => {
    while (left-- > 0) await exchange(socket, request);
  };
  await Promise.all(sockets.map(caller));
}

function exchange(socket, request) {
  return new Promise((resolve, reject) => {
    let text = "";
    const take = (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1];
      const whole =
        length === undefined ? text.endsWith("0\r\n\r\n") : text.length === end + 4 + Number(length);
      if (!whole) return;
      socket.off("data", take);
      if (text.startsWith("HTTP/1.1 200")) resolve();
      else reject(new Error(text));
    };
    socket.on("data", take);
    socket.write(request);
  });
}
