// A real redis-server behind Upstash's REST protocol, so that the official client can be asked what Redis itself answers: each
// request's words go to the server as they are, and its answers back. It must not know any command.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether there is a redis-server on this machine. */
export function hasRedis() {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Starts both; `url` is for clients. */
export async function redisByRest() {
  const folder = mkdtempSync(join(tmpdir(), "omnikv-redis-"));
  const path = join(folder, "socket");
  const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder];
  const child = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("redis-server has not started")));
    child.stdout.on("data", (text) => String(text).includes("eady to accept") && resolve());
  });
  const socket = connect(path);
  const ask = asking(socket);
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const given = JSON.parse(Buffer.concat(parts));
    const encode = incoming.headers["upstash-encoding"] === "base64" ? base64 : String;
    const tell = (reply) =>
      reply instanceof Error ? { error: reply.message } : { result: json(reply, encode) };
    let told;
    if (incoming.url === "/pipeline") told = (await ask(given)).map(tell);
    else if (incoming.url === "/multi-exec")
      told = (await ask([["MULTI"], ...given, ["EXEC"]])).at(-1).map(tell);
    else told = tell((await ask([given]))[0]);
    outgoing.statusCode = told.error === undefined ? 200 : 400;
    outgoing.setHeader("content-type", "application/json").end(JSON.stringify(told));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      socket.destroy();
      child.removeAllListeners("exit");
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

const base64 = (bytes) => bytes.toString("base64");

/** A reply as Upstash writes it: every string encoded but the status OK. */
function json(reply, encode) {
  if (Array.isArray(reply))
    return reply.map((each) => (each instanceof Error ? each.message : json(each, encode)));
  if (reply instanceof Buffer) return encode(reply);
  if (typeof reply === "string") return reply === "OK" ? reply : encode(Buffer.from(reply));
  return reply;
}

/** Sends commands over one connection, and gives their replies in order. */
function asking(socket) {
  const waiting = [];
  let buffer = Buffer.alloc(0);
  socket.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let read; waiting.length > 0 && (read = parse(buffer, 0)) !== undefined;) {
      buffer = buffer.subarray(read.end);
      waiting.shift()(read.reply);
    }
  });
  return (commands) =>
    Promise.all(
      commands.map((words) => {
        const bytes = words.map((word) => Buffer.from(String(word)));
        const parts = bytes.map((word) =>
          Buffer.concat([Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
        );
        socket.write(Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]));
        return new Promise((resolve) => waiting.push(resolve));
      }),
    );
}

/** One reply of RESP2 and where it ends; nothing while it is not all there. */
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
