/// <reference lib="esnext.disposable" preserve="true" />
// The synchronous store in memory: the same operations, with no promise in the way.

import { type ConnectOptions, open } from "./connect.js";
import { dispose } from "./dispose.js";
import { Handle } from "./handle.js";
import type { Sequence, Sync } from "./mode.js";
import type { Decoder } from "./replies.js";
import type { Argument } from "./wire.js";

/**
 * A store in memory whose methods answer at once, and throw: for hot paths.
 *
 * @example
 * const kv = new MemoryStore();
 * kv.set("user:1", "Alice", { ttl: 60 });
 */
export class MemoryStore extends Handle<Sync> {
  /** Opens a private, empty store. */
  constructor(options?: ConnectOptions);
  /** @internal */
  constructor(options?: ConnectOptions, url?: string, op?: string);
  constructor(options?: ConnectOptions, url = "memory:", op = "MemoryStore") {
    super(open(op, url, options));
  }

  /**
   * Opens a store in memory by its URL, as `connect` does: `memory:name` is one store per name in this page, process or
   * isolate.
   */
  static connect(url: string, options?: ConnectOptions): MemoryStore {
    return new MemoryStore(options, url, "connect");
  }

  protected send<V>(op: string, command: Argument[], decode: Decoder<V>): V {
    return this.core.call(op, command, decode);
  }

  protected settle<V>(work: () => V): V {
    return work();
  }

  protected *walk<P extends { cursor: string }, T>(
    page: (cursor: string) => P,
    items: (page: P) => readonly T[],
  ): Sequence<Sync, T> {
    let cursor = "0";
    do {
      const found = page(cursor);
      yield* items(found);
      cursor = found.cursor;
    } while (cursor !== "0");
  }

  /** Closes the store at the end of a `using` block. */
  [dispose](): void {
    this.close();
  }
}
