// State shared by copies of the package in one realm: a bundle and a dependency, or nested installations. Copies of the
// same build share one core, so that `memory:name` is one store. Nothing happens before a store is opened.

import type * as glue from "../../dist/bindgen/core.js";
import type { Room } from "../wire/requests.js";

/** A digest of the core's wasm and glue: a core of another build may behave differently. */
declare const BUILD: string;

/** The core of the copy that needed one first. */
export interface SharedCore {
  readonly Core: typeof glue.Core;
  readonly scratch: (bytes: number) => number;
  readonly memory: { readonly buffer: ArrayBuffer };
  /** The request buffer that all copies share. */
  readonly room: Room;
  /** Whether a store with this name is open. Copies of other builds call this too, so it must never change. */
  readonly isOpen: (url: string) => boolean;
}

/** What the copies of one build share. */
export interface Realm {
  core?: SharedCore;
  /** The global store. */
  global?: Promise<unknown> | undefined;
}

/** Increment the number whenever the form of the value changes. */
const PLACE = Symbol.for("omnikv.realm@1");

function builds(): Map<string, Realm> {
  const place = globalThis as { [PLACE]?: Map<string, Realm> };
  return (place[PLACE] ??= new Map());
}

/** What this copy shares with others of its build. */
export function realm(): Realm {
  const all = builds();
  let own = all.get(BUILD);
  if (own === undefined) all.set(BUILD, (own = {}));
  return own;
}

/** Whether a copy of another build has opened the store with this name. */
export function isOpenElsewhere(url: string): boolean {
  const own = realm();
  return [...builds().values()].some((each) => each !== own && each.core?.isOpen(url) === true);
}
