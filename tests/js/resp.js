// A connection to a Redis server with RESP2, for tests. No knowledge of commands.

import { connect } from "node:net";

/** Connects, to a port on loopback or the path of a socket. Returns functions to send commands and to close. */
export function dial(where) {
  const socket = connect(where);
  const waiting = [];
  let buffer = Buffer.alloc(0);
  let lost;
  socket.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let read; waiting.length > 0 && (read = parse(buffer, 0)) !== undefined;) {
      buffer = buffer.subarray(read.end);
      waiting.shift().resolve(read.reply);
    }
  });
  const give = (error) => {
    lost ??= error;
    for (const { reject } of waiting.splice(0)) reject(lost);
  };
  socket.on("error", give);
  socket.on("close", () => give(new Error("the connection is closed")));
  return {
    /** Sends commands together, and returns their replies in order; an error reply is an `Error`. */
    ask: (commands) =>
      Promise.all(
        commands.map((words) => {
          const bytes = words.map((word) => Buffer.from(String(word)));
          const parts = bytes.map((word) =>
            Buffer.concat([Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
          );
          return new Promise((resolve, reject) => {
            if (lost !== undefined) return reject(lost);
            waiting.push({ resolve, reject });
            socket.write(Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]));
          });
        }),
      ),
    close: () => socket.destroy(),
  };
}

/** A reply and its end; `undefined` if it is incomplete. */
function parse(buffer, at) {
  const line = buffer.indexOf("\r\n", at);
  if (line < 0) return undefined;
  const text = buffer.toString("utf8", at + 1, line);
  let end = line + 2;
  switch (String.fromCharCode(buffer[at])) {
    case "+":
      return { reply: text, end };
    case "-":
      return { reply: new Error(text), end };
    case ":":
      return { reply: Number(text), end };
    case "$": {
      if (text === "-1") return { reply: null, end };
      const last = end + Number(text);
      return last + 2 > buffer.length ? undefined : { reply: buffer.subarray(end, last), end: last + 2 };
    }
    default: {
      if (text === "-1") return { reply: null, end };
      const reply = [];
      for (let left = Number(text); left > 0; left--) {
        const item = parse(buffer, end);
        if (item === undefined) return undefined;
        reply.push(item.reply);
        end = item.end;
      }
      return { reply, end };
    }
  }
}
