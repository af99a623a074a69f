/// <reference lib="esnext.disposable" preserve="true" />
// The asynchronous store: every method gives a promise, and never throws in place.

import { asyncDispose } from "./dispose.js";
import { Handle } from "./handle.js";
import type { Async, Sequence } from "./mode.js";
import { answerErrors } from "./operations.js";
import type { Decoder } from "./replies.js";
import type { Argument } from "./wire.js";

/** A store. Made by `connect`. */
export class Store extends Handle<Async> {
  protected send<V>(op: string, command: Argument[], decode: Decoder<V>): Promise<V> {
    return Promise.resolve(this.core.call(op, command, decode));
  }

  protected override answer<V>(value: V): Promise<V> {
    return Promise.resolve(value);
  }

  protected settle<V>(work: () => V): Promise<V> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  protected async *walk<P extends { cursor: string }, T>(
    page: (cursor: string) => Promise<P>,
    items: (page: P) => readonly T[],
  ): Sequence<Async, T> {
    let cursor = "0";
    do {
      const found = await page(cursor);
      yield* items(found);
      cursor = found.cursor;
    } while (cursor !== "0");
  }

  /** Closes the store at the end of an `await using` block. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}

answerErrors(Store.prototype, (_store, error) => Promise.reject(error));
