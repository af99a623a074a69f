// A program that only needs a memory store.

import { MemoryStore } from "omnikv";

const kv = new MemoryStore();
kv.set("a", 1);
console.log(kv.get("a"));
