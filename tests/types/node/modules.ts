// Every module's types where nothing of the DOM is known: Node's alone, imported.

import { connect, MemoryStore, type Store } from "omnikv";
import core from "omnikv/core.wasm";
import { OmnikvObject } from "omnikv/durable-object";
import { createGateway } from "omnikv/gateway";
import { get } from "omnikv/global";
import { structured } from "omnikv/structured";

const kv: Promise<Store<unknown, unknown>> = connect("memory:", { serializer: structured });
const sum: number = new MemoryStore().incr("n");
export { core, createGateway, get, kv, OmnikvObject, sum };
