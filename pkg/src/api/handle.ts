// What every store has beside its operations: batches, iterators, facts about itself, an end. Written once for both
// modes.

import { arity, text } from "../values/arguments.js";
import { Pipeline, type Settle, Transaction } from "./batch.js";
import type { Opened } from "./connect.js";
import type { Connection, Promised } from "../wire/connection.js";
import type { Call } from "../memory/core.js";
import type { Direct } from "../memory/direct.js";
import type { Expiry } from "../values/expiry.js";
import type { In, Mode, Out, Ret, Sequence } from "../values/mode.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "../operations/commands.js";
import type { RangeOptions, ScanOptions } from "../operations/keyspace.js";
import { Patterns } from "./patterns.js";
import { throwIfAborted } from "../base/signals.js";

/** How a store is doing. What a store cannot tell is `null`. */
export interface Stats {
  /** Keys under the handle's prefix. */
  keys: number;
  /** Those of them that have a deadline. */
  expiringKeys: number;
  /** How many keys reads through this handle found. */
  hits: number | null;
  /** How many keys reads through this handle did not find. */
  misses: number | null;
  /** The memory that the whole store accounts for, in bytes: keys, values and an overhead per entry. */
  bytes: number | null;
  /** How many entries the whole store has dropped to make room. */
  evicted: number | null;
  /** A server's own facts, such as `redis_version`, by name. */
  server: Record<string, string>;
}

/** What a store can promise. */
export interface Capabilities {
  /** Whether each operation, and each transaction, happens as a whole or not at all. */
  atomic: boolean;
  /** Whether ranges are read in order; if not, they are collected and sorted at each call. */
  ordered: boolean;
  /** Whether operations that count what they did (`del`, many-field `hset`) count exactly. */
  exactCounts: boolean;
  /** The shortest TTL, in milliseconds. */
  ttlMinimumMs: number;
  /** The longest key, in bytes of UTF-8 with the prefix. */
  maxKeyBytes: number;
  /** The largest value, in bytes. */
  maxValueBytes: number;
  /** How soon a write is seen by others. */
  consistency: "strong" | "eventual";
}

/** A handle on a store. */
export abstract class Handle<M extends Mode> extends Patterns<M> {
  /** @internal */
  protected readonly core: Connection;
  /** @internal By which the user gives the handle up. */
  protected readonly signal: AbortSignal | undefined;
  /** @internal Where it is within the connection. */
  protected readonly within: string;

  /** @internal */
  constructor({ core, codec, signal, within = "" }: Opened) {
    super(codec);
    this.core = core;
    this.signal = signal;
    this.within = within;
  }

  /** @internal */
  override get direct(): Direct | undefined {
    return this.core.direct;
  }

  /** @internal */
  override get isWhole(): boolean {
    return this.core.isWhole;
  }

  /** Lets work be done, and answers in this store's mode. */
  protected abstract settle<V>(work: () => Promised<V>): Ret<M, V>;

  /** A handle of the same kind. */
  protected abstract another(opened: Opened): this;

  protected together(calls: readonly Call[]): Ret<M, unknown[]> {
    return this.settle(() => this.core.multi([], calls));
  }

  /**
   * A handle on the same store for the names that begin with a prefix: `kv.withPrefix("users")` sees `users:1` as `1`, within
   * this handle's own prefix, with its `defaultTtl` and serializer. It shares the connection; closing either leaves the
   * other open. Made from a closed handle it is closed.
   *
   * Errors: throws `invalid-argument` in place for a prefix that is no text.
   */
  withPrefix(prefix: string): this {
    arity("withPrefix", arguments.length, 1);
    const core = this.core.withPrefix(text("withPrefix", "prefix", prefix));
    const colon = prefix === "" || prefix.endsWith(":") ? "" : ":";
    return this.another({
      core,
      codec: this.codec,
      signal: this.signal,
      within: this.within + prefix + colon,
    });
  }

  /** Writes a value: `set` by its name in other stores. */
  put(name: string, content: In<M>, given?: Expiry): Ret<M, "OK"> {
    return this.set(name, content, given);
  }

  /** The entries between two keys: `range` by its name in other stores. */
  rangeGet<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    given?: RangeOptions & Own,
  ): Ret<M, [string, V | null][]>;
  /** The same, with values as they are stored. */
  rangeGet<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    given: RangeOptions & As<F>,
  ): Ret<M, [string, Raw<F> | null][]>;
  rangeGet(start: string, end?: string | null, given?: RangeOptions & Own): unknown {
    return this.range(start, end, given);
  }

  /**
   * Collects operations to send them together: `kv.pipeline().set("a", 1).incr("a").exec()`. Each has a result or an error
   * of its own; other callers' operations may come in between.
   */
  pipeline(): Pipeline<M> {
    return new Pipeline<M>(this.#settler(), this.codec, this.isWhole);
  }

  /**
   * Collects operations to run them as one, with no other in between: `kv.multi().incr("n").expire("n", 60).exec()`. With
   * `check(key, expected)` nothing runs if a key has changed.
   */
  multi(): Transaction<M> {
    return new Transaction<M>(this.#settler(), this.codec, this.isWhole);
  }

  #settler(): Settle<M> {
    return (work) =>
      this.settle(() => {
        throwIfAborted("exec", this.signal);
        return work(this.core);
      });
  }

  /** Goes through the keys: `scan` from its beginning to its end. A key may come twice. */
  scanIterator(given?: ScanOptions): Sequence<M, string> {
    return this.walk(
      (cursor) => this.scan(cursor, given),
      (page) => page.keys,
    );
  }

  /** Goes through the fields of a hash and their values: `hscan` from its beginning to its end. A field may come twice. */
  hscanIterator<V extends Out<M> = Out<M>>(
    name: string,
    given?: MatchOptions & Own,
  ): Sequence<M, [string, V]>;
  /** The same, with fields and values as they are stored. */
  hscanIterator<F extends RawForm>(name: string, given: MatchOptions & As<F>): Sequence<M, [Raw<F>, Raw<F>]>;
  hscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.hscan(name, cursor, given as MatchOptions & Own),
      (page) => page.entries,
    );
  }

  /** Goes through the members of a set: `sscan` from its beginning to its end. A member may come twice. */
  sscanIterator<V extends Out<M> = Out<M>>(name: string, given?: MatchOptions & Own): Sequence<M, V>;
  /** The same, with members as they are stored. */
  sscanIterator<F extends RawForm>(name: string, given: MatchOptions & As<F>): Sequence<M, Raw<F>>;
  sscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.sscan(name, cursor, given as MatchOptions & Own),
      (page) => page.members,
    );
  }

  /** How the store is doing. O(keys under the prefix). */
  stats(): Ret<M, Stats> {
    return this.settle(() => {
      arity("stats", arguments.length, 0);
      throwIfAborted("stats", this.signal);
      return this.core.stats() as Promised<Stats>;
    });
  }

  /** What the store can promise. */
  capabilities(): Ret<M, Capabilities> {
    return this.settle(() => this.core.capabilities() as Capabilities);
  }

  /**
   * Closes this handle; every later operation through it answers `closed`, only closing again does nothing. A memory store
   * drops its entries and gives its memory back when every handle on it has been closed.
   */
  close(): Ret<M, void> {
    return this.settle(() => this.core.close());
  }
}

// What a console shows, which would list the serializer's functions and the connection.
Object.defineProperty(Handle.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: object) {
    return `${this.constructor.name} {}`;
  },
});
