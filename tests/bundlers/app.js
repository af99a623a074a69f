// The smallest program that needs everything: the module, its wasm, timers, both stores, the additional modules, and
// the lazily loaded module of remote stores.

import { connect, MemoryStore } from "omnikv";
import { get, put } from "omnikv/global";
import { structured } from "omnikv/structured";

/** The program's output if the package works. */
export async function run() {
  const kv = await connect("memory:", { prefix: "app" });
  await kv.set("greeting", "hello", { ttl: 60 });
  const memory = new MemoryStore();
  memory.set("ключ", 42);
  const typed = new MemoryStore({ serializer: structured });
  typed.set("date", new Date(0));
  await put("shared", { by: "all" });
  const answer = () => Promise.resolve(Response.json({ result: "ZWxzZXdoZXJl" }));
  const remote = await connect("upstash://:token@localhost", { fetch: answer });
  // Only some runtimes have files; bundlers must not care.
  const file = await connect("sqlite::memory:").then(
    async (kv) => (await kv.set("in", "a file"), await kv.get("in")),
    ({ code }) => code,
  );
  return JSON.stringify([
    await kv.get("greeting"),
    // However long that took.
    (await kv.ttl("greeting")) > 0,
    memory.get("ключ"),
    memory.get("none"),
    typed.get("date") instanceof Date,
    await get("shared"),
    await remote.get("anything"),
    file,
  ]);
}
