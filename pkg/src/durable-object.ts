// The class that a Worker binds as a Durable Object: a store in the object's SQLite, which answers requests from stores
// opened by `connect`. Nothing of the store may be kept in memory: an object can be evicted at any time.

import { type Database, openInside } from "./net/net.js";

/** The part of an object's state that we use. */
export interface ObjectState {
  readonly storage: {
    readonly sql: { exec(query: string, ...bindings: unknown[]): { raw(): Iterable<unknown[]> } };
    transactionSync<T>(closure: () => T): T;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/** The last time that an alarm can have: the platform counts nanoseconds since 1970 in 63 bits. */
const LAST_MOMENT = 9.22e12;

/**
 * A Durable Object with a store in its SQLite storage: bind it under `new_sqlite_classes`, and open the store with
 * `connect(env.BINDING)`. Anyone who can send it requests has full access, so never forward a request from outside.
 *
 * @example
 * export { OmnikvObject } from "omnikv/durable-object";
 */
export class OmnikvObject {
  readonly #state: ObjectState;
  readonly #opened: ReturnType<typeof openInside>;

  constructor(state: ObjectState) {
    this.#state = state;
    this.#opened = state.blockConcurrencyWhile(() => openInside(databaseOf(state), () => this.now()));
  }

  /** The clock, in milliseconds since 1970, for tests. */
  now(): number {
    return Date.now();
  }

  /** Answers a store's request. */
  async fetch(request: Request): Promise<Response> {
    const store = await this.#opened;
    const response = await store.answer(request);
    await this.#wakeAt(await store.nextDeadline());
    return response;
  }

  /** Removes expired entries. */
  async alarm(): Promise<void> {
    const store = await this.#opened;
    await this.#wakeAt(await store.sweep(this.now()));
  }

  /** Sets the alarm for the time when the next entry expires. */
  async #wakeAt(deadline: number | undefined): Promise<void> {
    if (deadline === undefined) return;
    const at = Date.now() + Math.max(0, deadline - this.now());
    if (at > LAST_MOMENT) return;
    const set = await this.#state.storage.getAlarm();
    // An alarm that is too early finds out when to ring next.
    if (set === null || set > at) await this.#state.storage.setAlarm(at);
  }
}

/** The object's database, for src/binding/js-net/inside.rs. */
function databaseOf({ storage }: ObjectState): Database {
  return {
    run(text, parameters) {
      try {
        return [...storage.sql.exec(text, ...parameters).raw()];
      } catch (error) {
        return failure(error);
      }
    },
    savepoint(work) {
      try {
        storage.transactionSync(work);
        return undefined;
      } catch (error) {
        return failure(error);
      }
    },
  };
}

/** A word for why the database has failed. */
function failure(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (/SQLITE_TOOBIG|too big/i.test(message)) return "too-large";
  return /SQLITE_FULL|is full/i.test(message) ? "full" : "failed";
}
