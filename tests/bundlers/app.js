// The smallest program that needs everything: the module, the wasm in it, time, both stores.

import { connect, MemoryStore } from "omnikv";

/** What the program says when the package works where it runs. */
export async function run() {
  const kv = await connect("memory:", { prefix: "app" });
  await kv.set("greeting", "hello", { ttl: 60 });
  const memory = new MemoryStore();
  memory.set("ключ", 42);
  return JSON.stringify([
    await kv.get("greeting"),
    await kv.ttl("greeting"),
    memory.get("ключ"),
    memory.get("none"),
  ]);
}
