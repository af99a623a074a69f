// Families of operations that stand on a value of their own: `kv.records.put`. It must not know any of them.

import { ring } from "../base/bell.js";
import type { Mode, Ret } from "../values/mode.js";
import type { Promised } from "../wire/connection.js";
import type { Commands } from "./commands.js";
import type { Operation } from "./operation.js";

/** A store, as a family needs it. */
export interface Host extends Commands<Mode> {
  /** @internal Lets work be done, and answers in the store's mode. */
  settle<V>(work: () => Promised<V>): Ret<Mode, V>;
}

/** Operations that change nothing, by how their names begin. If they rang, watchers that read would wake each other forever. */
const READING = /^(count|get|latest|list|read|status)/;

/** The class of a family of this name with these operations: those of a store. */
export function family<F>(
  name: string,
  operations: Readonly<Record<string, Operation>>,
): new (store: Host) => F {
  class Family {
    readonly store: Host;

    constructor(store: Host) {
      // What a console shows would hold the store.
      Object.defineProperty(this, "store", { value: store });
      this.store = store;
    }
  }
  for (const [method, operation] of Object.entries(operations)) {
    const run = operation(`${name}.${method}`);
    Object.defineProperty(Family.prototype, method, {
      value(this: Family, ...given: unknown[]) {
        const answer = this.store.settle(() => run.apply(this.store, given) as Promised<unknown>);
        // A store in memory has done it by now.
        if (!READING.test(method)) ring();
        return answer;
      },
    });
  }
  return Family as never;
}
