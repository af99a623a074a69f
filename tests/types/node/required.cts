// The same from CommonJS.

import { connect, MemoryStore, type Store } from "omnikv";
import { createGateway } from "omnikv/gateway";
import { get } from "omnikv/global";
import structured = require("omnikv/structured");

const kv: Promise<Store<unknown, unknown>> = connect("memory:", { serializer: structured.structured });
const sum: number = new MemoryStore().incr("n");
export { createGateway, get, kv, sum };
