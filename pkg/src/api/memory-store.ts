/// <reference lib="esnext.disposable" preserve="true" />
// The synchronous memory store: the same operations, without promises.

import { type BigInts, type ConnectOptions, openNow, type SerializedOptions } from "./connect.js";
import type { Promised } from "../wire/connection.js";
import { dispose } from "../base/dispose.js";
import type { Making } from "./flights.js";
import { Handle, type Opened } from "./handle.js";
import type { Input, Sequence, Sync } from "../values/mode.js";
import type { Value } from "../values/arguments.js";
import type { Decoder } from "../wire/replies.js";
import { throwIfAborted } from "../base/signals.js";
import { finishNow, type Steps } from "../base/steps.js";
import type { Argument } from "../wire/wire.js";

/** A memory store. Its public types and documentation are those of `Typed` below. */
class MemoryStore<T = string, W = Input<T>, I extends number | bigint = number> extends Handle<
  Sync<T, W, I>
> {
  constructor(given?: unknown) {
    super(isOpened(given) ? given : openNow("MemoryStore", "memory:", given));
  }

  static connect(url: string, options?: unknown): MemoryStore {
    return handle(openNow("connect", url, options)) as MemoryStore;
  }

  /** @internal */
  send<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): V {
    throwIfAborted(op, signal);
    return this.core.call(op, command, decode) as V;
  }

  /** @internal A memory store answers immediately. */
  settle<V>(work: () => Promised<V>): V {
    return work() as V;
  }

  protected finish<V>(steps: Steps<V>): V {
    return finishNow(steps);
  }

  /** Nobody can ask meanwhile. */
  protected once<V>(_op: string, _name: string, _longestMs: number, steps: (making: Making) => Steps<V>): V {
    return finishNow(steps((make) => make()));
  }

  /** There is nobody to wait for. */
  protected pause(): undefined {
    return undefined;
  }

  protected another(opened: Opened): this {
    return handle(opened) as this;
  }

  protected *walk<P extends { cursor: string }, I>(
    page: (cursor: string) => P,
    items: (page: P) => readonly I[],
  ): Sequence<Sync, I> {
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

// Outside the class: a class that refers to itself would lose its name in the bundler.
const handle = (opened: Opened): unknown => new MemoryStore(opened);

const isOpened = (given: unknown): given is Opened =>
  typeof given === "object" && given !== null && "core" in given;

/** How a `MemoryStore` is opened: it holds values other than text only with a serializer. */
interface Opening {
  /** Opens a private, empty store of text. */
  new (options?: ConnectOptions): MemoryStore;
  /** Opens a private, empty store of values other than text. */
  new <T = unknown>(options: SerializedOptions): MemoryStore<T, T>;
  /** Opens a private, empty store whose counters return bigints. */
  new (options: BigInts<ConnectOptions>): MemoryStore<string, Value, bigint>;
  new <T = unknown>(options: BigInts<SerializedOptions>): MemoryStore<T, T, bigint>;
  readonly prototype: MemoryStore;
  /**
   * Opens a memory store by its URL, like `connect`: `memory:name` is one store per name in this page, process or
   * isolate, and lives until all of its handles have been closed.
   */
  connect(url: string, options?: ConnectOptions): MemoryStore;
  connect<T = unknown>(url: string, options: SerializedOptions): MemoryStore<T, T>;
  connect(url: string, options: BigInts<ConnectOptions>): MemoryStore<string, Value, bigint>;
  connect<T = unknown>(url: string, options: BigInts<SerializedOptions>): MemoryStore<T, T, bigint>;
}

/**
 * A memory store whose methods return or throw immediately, for hot paths. `T` is the type that its values are read as,
 * `W` the type that can be written, `I` the type that counters return.
 *
 * @example
 * const kv = new MemoryStore();
 * kv.set("user:1", "Alice", { ttl: 60 });
 */
const Typed = MemoryStore as unknown as Opening;
/** A memory store whose methods return or throw immediately. */
type Typed<T = string, W = Input<T>, I extends number | bigint = number> = MemoryStore<T, W, I>;
export { Typed as MemoryStore };
