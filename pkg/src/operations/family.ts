// Families of operations that stand on a value of their own: `kv.records.put`. It must not know any of them.

import type { Mode, Ret } from "../values/mode.js";
import type { Promised } from "../wire/connection.js";
import type { Commands } from "./commands.js";
import type { Operation } from "./operation.js";

/** A store or a batch, as a family needs it. */
export interface Host extends Commands<Mode> {
  /** @internal Lets work be done, and answers in the store's mode. */
  settle<V>(work: () => Promised<V>): Ret<Mode, V>;
  /** @internal Wakes those who wait for a change of the store, once this has been done. */
  announce(answer: unknown): void;
}

/**
 * Operations that change nothing anybody waits for, by how their names begin. If they rang, those who wait would wake each
 * other forever.
 */
const QUIET = /^(acquire|claim|commit|count|get|heartbeat|latest|list|lock|read|status)/;

/** The class of a family of this name with these operations: those of a store, or of a batch. */
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
        if (!QUIET.test(method)) this.store.announce(answer);
        return answer;
      },
    });
  }
  return Family as never;
}
