// A real redis-server behind Upstash's REST protocol, to get Redis's own answers for the official client: passes the
// words of each request and the answers through unchanged. No knowledge of commands.

import { createServer } from "node:http";
import { startRedis } from "../js/redis-server.js";
import { dial } from "../js/resp.js";

/** Starts both; `url` is for clients. */
export async function redisByRest() {
  const redis = await startRedis();
  const { ask, close } = dial(redis.port);
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
      close();
      await redis.close();
    },
  };
}

const base64 = (bytes) => bytes.toString("base64");

/** A reply as Upstash writes it: every string is encoded, except the status OK. */
function json(reply, encode) {
  if (Array.isArray(reply))
    return reply.map((each) => (each instanceof Error ? each.message : json(each, encode)));
  if (reply instanceof Buffer) return encode(reply);
  if (typeof reply === "string") return reply === "OK" ? reply : encode(Buffer.from(reply));
  return reply;
}
