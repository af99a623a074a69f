// Leaves a watcher without ending it, closes its store, and has nothing more to do. Argument: the store's URL.

import { connect } from "omnikv";

const kv = await connect(process.argv[2]);
// Kept, so that no collector ends it.
globalThis.changes = kv.changes.watch({ from: 1 });
const next = globalThis.changes.next();
await kv.records.put("a", -1, 1);
await next;
await kv.close();
