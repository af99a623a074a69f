/// <reference lib="esnext.disposable" preserve="true" />
// The asynchronous store: every method returns a promise and never throws synchronously.

import type { Promised } from "../wire/connection.js";
import { asyncDispose } from "../base/dispose.js";
import { Flights, type Making } from "./flights.js";
import { Handle, type Opened } from "./handle.js";
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
  /** What is being made, by its key within the connection, for those who ask for it meanwhile. */
  #flights = new Flights();

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

  protected once<V>(
    op: string,
    name: string,
    longestMs: number,
    steps: (making: Making) => Steps<V>,
  ): Promise<V> {
    return this.#flights.share(op, this.within + name, longestMs, (making) => finishLater(steps(making)));
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
