/// <reference lib="esnext.disposable" preserve="true" />
// The asynchronous store: every method returns a promise and never throws synchronously.

import type { Opened } from "./connect.js";
import type { Promised } from "../wire/connection.js";
import { asyncDispose } from "../base/dispose.js";
import type { KvError } from "../base/errors.js";
import { Handle } from "./handle.js";
import type { Async, Input, Sequence } from "../values/mode.js";
import { answerErrors } from "../operations/all.js";
import type { Decoder } from "../wire/replies.js";
import { throwIfAborted } from "../base/signals.js";
import { finishLater, type Steps } from "../base/steps.js";
import { setTimeout } from "../base/timing.js";
import type { Argument } from "../wire/wire.js";

/**
 * A store, opened by `connect`. `T` is the type that its values are read as, `W` the type that can be written, `I` the
 * type that counters return.
 */
export class Store<T = string, W = Input<T>, I extends number | bigint = number> extends Handle<
  Async<T, W, I>
> {
  /** Values being made by `getOrSet`, by key within the connection, shared by concurrent callers. */
  #flights = new Map<string, Promise<unknown>>();

  /** @internal */
  send<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Promise<V> {
    throwIfAborted(op, this.signal, signal);
    return Promise.resolve(this.core.call(op, command, decode, signal));
  }

  /** @internal */
  override answer<V>(value: V): Promise<V> {
    return Promise.resolve(value);
  }

  /** @internal */
  settle<V>(work: () => Promised<V>): Promise<V> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  protected finish<V>(steps: Steps<V>): Promise<V> {
    return finishLater(steps);
  }

  protected once<V>(name: string, steps: () => Steps<V>): Promise<V> {
    const flight = this.within + name;
    const flying = this.#flights.get(flight);
    if (flying) {
      // The handle that makes the value may have been closed, but this one is not.
      return (flying as Promise<V>).catch((error: unknown) => {
        if ((error as KvError | null)?.code !== "closed") throw error;
        return this.once(name, steps);
      });
    }
    const started = finishLater(steps()).finally(() => this.#flights.delete(flight));
    this.#flights.set(flight, started);
    return started;
  }

  protected pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  protected another(opened: Opened): this {
    const another = handle(opened) as Store<T, W, I>;
    another.#flights = this.#flights;
    return another as this;
  }

  protected async *walk<P extends { cursor: string }, I>(
    page: (cursor: string) => Promise<P>,
    items: (page: P) => readonly I[],
  ): Sequence<Async, I> {
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

// Outside the class: a class that refers to itself would lose its name in the bundler.
const handle = (opened: Opened): unknown => new Store(opened);

answerErrors(Store.prototype, (_store, error) => Promise.reject(error));
