// What copies of the package share that are loaded into one realm: a bundle and a dependency, an installation within
// another. Copies of the same build have one core, so that `memory:name` is one store. It must do nothing until a store is opened.

import type * as glue from "../../dist/bindgen/core.js";
import type { Room } from "../wire/requests.js";

/** A digest of the core's wasm and its glue: what runs in the core of another build cannot be known. */
declare const BUILD: string;

/** The core of the copy that was first to need one. */
export interface SharedCore {
  readonly Core: typeof glue.Core;
  readonly scratch: (bytes: number) => number;
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Where all copies write their requests. */
  readonly room: Room;
  /** Whether a store of this name is open. Copies of other builds ask for it too: it must never change. */
  readonly isOpen: (url: string) => boolean;
}

/** What the copies of one build share. */
export interface Realm {
  core?: SharedCore;
  /** The global store. */
  global?: Promise<unknown> | undefined;
}

/** The number changes with the form of what it leads to. */
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

/** Whether a copy of another build has opened the store of this name. */
export function isOpenElsewhere(url: string): boolean {
  const own = realm();
  return [...builds().values()].some((each) => each !== own && each.core?.isOpen(url) === true);
}
