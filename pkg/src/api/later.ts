// A connection that is opened with the first call through it. It must not know what is opened.

import { failed } from "../base/errors.js";
import type { Call, Check, Connection } from "../wire/connection.js";
import type { Decoder } from "../wire/replies.js";
import type { Argument } from "../wire/wire.js";

/** Stands for a connection until it is there, and hands everything on to it. */
export class Later implements Connection {
  readonly shortcuts = undefined;
  readonly isWhole: boolean;
  readonly #open: () => Promise<Connection>;
  #opening: Promise<Connection> | undefined;
  #opened: Connection | undefined;
  #isClosed = false;

  constructor(isWhole: boolean, open: () => Promise<Connection>) {
    this.isWhole = isWhole;
    this.#open = open;
  }

  /** One that is yet to be opened is open. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** The connection itself. What could not be opened is tried again by the next call. */
  ready(op: string): Promise<Connection> {
    if (this.#isClosed) {
      const closed = failed(op, "closed", "cannot be done: the store has been closed");
      return Promise.reject(closed);
    }
    this.#opening ??= this.#open().then(
      (opened) => {
        this.#opened = opened;
        return opened;
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  call<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Promise<V> {
    return this.#on(op, (opened) => opened.call(op, command, decode, signal));
  }

  pipeline(calls: readonly Call[], signal?: AbortSignal): Promise<unknown[]> {
    return this.#on("pipeline", (opened) => opened.pipeline(calls, signal));
  }

  multi(checks: readonly Check[], calls: readonly Call[], signal?: AbortSignal): Promise<unknown[]> {
    return this.#on("multi", (opened) => opened.multi(checks, calls, signal));
  }

  watch(changed: () => void): (() => void) | undefined {
    return this.#opened?.watch?.(changed);
  }

  stats(): unknown {
    return this.#on("stats", (opened) => opened.stats());
  }

  capabilities(): unknown {
    return this.#on("capabilities", (opened) => opened.capabilities());
  }

  withPrefix(prefix: string): Connection {
    if (this.#opened !== undefined) return this.#opened.withPrefix(prefix);
    const later = new Later(this.isWhole && prefix === "", async () => {
      // Not this one's connection, whose end would be the other's.
      const opened = await this.#open();
      const within = opened.withPrefix(prefix);
      await opened.close();
      return within;
    });
    later.#isClosed = this.#isClosed;
    return later;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    this.#opened = undefined;
    // What could not be opened has nothing to close.
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  }

  #on<V>(op: string, work: (opened: Connection) => V): Promise<Awaited<V>> {
    if (this.#opened !== undefined) return Promise.resolve(work(this.#opened));
    return this.ready(op).then(work) as Promise<Awaited<V>>;
  }
}
