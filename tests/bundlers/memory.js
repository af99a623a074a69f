// A program that needs a store in memory and nothing else.

import { MemoryStore } from "omnikv";

const kv = new MemoryStore();
kv.set("a", 1);
console.log(kv.get("a"));
