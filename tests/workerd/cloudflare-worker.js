// A Worker that runs the conformance cases it receives, each on its own stores, and returns the failures; or that copies
// from store to store.

import { connect, copyStore, MemoryStore } from "omnikv";
import { OmnikvObject } from "omnikv/durable-object";
import { ownTime, runCase } from "../js/case.js";
import { copyThrough } from "../js/copying.js";
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

/** The world of one case over a D1 database, which is emptied first. */
async function overD1(database) {
  const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'omnikv%'";
  const { results } = await database.prepare(tables).all();
  for (const { name } of results) await database.prepare(`DROP TABLE ${name}`).run();
  return { ...ownTime(database), isServer: true };
}

/** How many cases have begun. */
let begun = 0;

/** The world of one case over a Durable Object of its own. */
function overObject(objects) {
  const number = begun++;
  const namespace = {
    idFromName: (name) => objects.idFromName(`${name}, case ${number}`),
    get: (id) => objects.get(id),
  };
  let now = START;
  const advance = async (ms) => {
    now += ms;
    await namespace.get(namespace.idFromName("omnikv:0/1")).fetch(`http://object/now?ms=${now}`);
  };
  return { url: namespace, options: {}, now: () => now, advance, isServer: true };
}

const WORLDS = {
  "cloudflare-kv": (env) => overKv(env.KV),
  "cloudflare-kv that may race": async (env) => {
    const world = await overKv(env.KV);
    return { ...world, options: { ...world.options, nonatomic: "allow" } };
  },
  d1: (env) => overD1(env.DB),
  "durable-object": (env) => overObject(env.OBJECTS),
};

/** Copies random contents from memory to D1, to an object and to memory. Returns the first difference. */
async function copy(env, seed) {
  const { url: database } = await overD1(env.DB);
  const { url: objects } = overObject(env.OBJECTS);
  const stores = [new MemoryStore(), await connect(database), await connect(objects), new MemoryStore()];
  return copyThrough(copyStore, stores, seed);
}

export default {
  async fetch(request, env) {
    const { store, cases, copySeed } = await request.json();
    if (copySeed !== undefined) return Response.json((await copy(env, copySeed)) ?? null);
    const failures = await runAll(cases, runCase, connect, () => WORLDS[store](env));
    return Response.json(failures);
  },
};
