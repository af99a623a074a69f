// A Worker that runs the conformance cases it receives, each on its own stores, and returns the failures.

import { connect } from "omnikv";
import { OmnikvObject } from "omnikv/durable-object";
import { ownTime, runCase } from "../js/case.js";
import { runAll } from "../js/world.js";

/** The time at which every case begins. */
const START = 1_700_000_000_000;

/** An object whose clock is set by the cases. */
export class CaseObject extends OmnikvObject {
  #now = START;

  now() {
    return this.#now;
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/now") return super.fetch(request);
    this.#now = Number(searchParams.get("ms"));
    return new Response();
  }
}

/** The world of one case over a KV namespace, which is emptied first. */
async function overKv(namespace) {
  for (const { name } of (await namespace.list()).keys) await namespace.delete(name);
  return { ...ownTime(namespace), isServer: true };
}

/** The objects' time: as in any store, it never runs backwards. */
let objectsNow = START;

/** The world of one case over a Durable Object, which is emptied first. */
async function overObject(namespace) {
  const stub = namespace.get(namespace.idFromName("omnikv:0/1"));
  const advance = async (ms) => {
    objectsNow += ms;
    await stub.fetch(`http://object/now?ms=${objectsNow}`);
  };
  await advance(0);
  const store = await connect(namespace);
  await store.flush({ all: true });
  await store.close();
  return { url: namespace, options: {}, now: () => objectsNow, advance, isServer: true };
}

const WORLDS = {
  "cloudflare-kv": (env) => overKv(env.KV),
  "cloudflare-kv that may race": async (env) => {
    const world = await overKv(env.KV);
    return { ...world, options: { ...world.options, nonatomic: "allow" } };
  },
  "durable-object": (env) => overObject(env.OBJECTS),
};

export default {
  async fetch(request, env) {
    const { store, cases } = await request.json();
    const failures = await runAll(cases, runCase, connect, () => WORLDS[store](env));
    return Response.json(failures);
  },
};
