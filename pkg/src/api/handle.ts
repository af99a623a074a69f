// What every store has beside its operations: batches, iterators, statistics, closing. Written once for both modes.

import {
  arity,
  integer,
  key,
  namespace,
  options as optionsOf,
  type Pairs,
  settings,
  text,
} from "../values/arguments.js";
import { invalidArgument, KvError } from "../base/errors.js";
import { Pipeline, type Settle, Transaction } from "./batch.js";
import { type Call, type Connection, type Promised, type Shortcuts, then } from "../wire/connection.js";
import { flag, ok } from "../wire/replies.js";
import { EXPIRY, type Expiry, expiryWords } from "../values/expiry.js";
import type { In, Mode, Out, Ret, Sequence } from "../values/mode.js";
import type { As, MatchOptions, Own, Raw, RawForm } from "../operations/commands.js";
import type { KeysOnly, RangeOptions, ScanOptions } from "../operations/keyspace.js";
import { Families } from "./families.js";
import { Consumer, type ConsumerOptions } from "./consumer.js";
import type { Codec } from "../values/serializer.js";
import { shown } from "../base/shown.js";
import type { Change } from "../values/rows.js";
import { type Cancellable, throwIfAborted } from "../base/signals.js";
import { type Steps, wait } from "../base/steps.js";

/** Statistics of a store; `null` means unknown. */
export interface Stats {
  /** Keys under the handle's prefix. */
  keys: number;
  /** Keys among them that have a deadline. */
  expiringKeys: number;
  /** How many reads through this handle found their key. */
  hits: number | null;
  /** How many reads through this handle did not find their key. */
  misses: number | null;
  /** The memory used by the whole store, in bytes: keys, values and an overhead per entry. */
  bytes: number | null;
  /** How many entries the whole store has evicted to make room. */
  evicted: number | null;
  /** The server's own information, such as `redis_version`, by name. */
  server: Record<string, string>;
}

/** What a store guarantees. */
export interface Capabilities {
  /** Whether each operation, and each transaction, is atomic. */
  atomic: boolean;
  /** Whether ranges come from an ordered index; if not, each call collects and sorts the keys. */
  ordered: boolean;
  /** Whether operations that return a count (`del`, `hset` of several fields) count exactly. */
  exactCounts: boolean;
  /** The shortest TTL, in milliseconds. */
  ttlMinimumMs: number;
  /** The longest key, in bytes of UTF-8 including the prefix. */
  maxKeyBytes: number;
  /** The largest value, in bytes. */
  maxValueBytes: number;
  /** Whether the store has records, and everything built on them: changes, consumers, locks and tasks. */
  records: boolean;
  /** `strong`: a read sees every earlier write. `eventual`: it may not see it yet. */
  consistency: "strong" | "eventual";
}

/** A handle that has been opened, and how it reads and writes. */
export interface Opened {
  readonly core: Connection;
  readonly codec: Codec;
  /** By which the user gives the handle up. */
  readonly signal?: AbortSignal | undefined;
  /** The scheme of its URL, with the colon. */
  readonly scheme: string;
  /** As it stands before every key. */
  readonly prefix: string;
}

/** How a range is cut and turned, and in which pages it is read. */
export interface RangePages extends RangeOptions {
  /** How many entries are read at a time: 1,000 when left out. */
  readonly count?: number | undefined;
}

/** A key and its value, and when it expires. */
export type TimedEntry<W> = readonly [key: string, value: W, expiry?: Expiry];

/** How many entries of a range are read at a time. */
const RANGE_PAGE = 1_000;

/** What commands gave; the first that failed fails all. */
function allOf(results: unknown[]): unknown[] {
  const failed = results.find((result) => result instanceof KvError);
  if (failed !== undefined) throw failed as KvError;
  return results;
}

/** A handle on a store. */
export abstract class Handle<M extends Mode> extends Families<M> {
  /** @internal */
  protected readonly core: Connection;
  /** @internal Cancels the handle's operations. */
  protected readonly signal: AbortSignal | undefined;
  /** @internal The handle's prefix within the store. */
  protected readonly within: string;
  /** @internal */
  protected readonly scheme: string;

  /** @internal */
  constructor({ core, codec, signal, scheme, prefix }: Opened) {
    super(codec);
    this.core = core;
    this.signal = signal;
    this.within = prefix;
    this.scheme = scheme;
  }

  /** @internal */
  override get shortcuts(): Shortcuts | undefined {
    // A store that has been given up answers so.
    return this.signal?.aborted ? undefined : this.core.shortcuts;
  }

  /** @internal */
  override get isWhole(): boolean {
    return this.core.isWhole;
  }

  /** @internal What a console shows. */
  facts(): string {
    const state = this.core.isOpen ? "open" : "closed";
    return `url: "${this.scheme}", prefix: "${this.within}", state: "${state}"`;
  }

  /**
   * Returns a consumer: a named reader of the stream of changes, whose position is kept in the store and which one process
   * at a time holds. Iterate over it for batches of changes, or call `get` and `commit`.
   *
   * Errors: throws `invalid-argument` synchronously if an option is malformed.
   *
   * @example
   * for await (const changes of kv.consumer("mailer", { type: "Person" })) await send(changes);
   */
  consumer<T = unknown>(name: string, options?: ConsumerOptions & { commit?: "batch" | "none" }): Consumer<T>;
  /** The same, one change at a time. */
  consumer<T = unknown>(name: string, options: ConsumerOptions & { commit: "each" }): Consumer<T, Change<T>>;
  consumer(name: string, given?: unknown): unknown {
    const { changes, consumers, core } = this as Handle<Mode>;
    return new Consumer({ changes, consumers, core }, name, given);
  }

  /** Creates a handle of the same kind. */
  protected abstract another(opened: Opened): this;

  protected together(calls: readonly Call[]): Ret<M, unknown[]> {
    return this.settle(() => this.core.multi([], calls));
  }

  /**
   * Returns a handle on the same store for the keys with a prefix: `kv.withPrefix("users")` sees `users:1` as `1`,
   * within this handle's own prefix, and with its `defaultTtl` and serializer. It shares the connection; closing either
   * handle leaves the other open. A handle created from a closed one is closed.
   *
   * Errors: throws `invalid-argument` synchronously if the prefix is not a string.
   */
  withPrefix(prefix: string): this {
    arity("withPrefix", arguments.length, 1);
    const core = this.core.withPrefix(text("withPrefix", "prefix", prefix));
    return this.another({
      core,
      codec: this.codec,
      signal: this.signal,
      scheme: this.scheme,
      prefix: this.within + namespace(prefix),
    });
  }

  /** Writes a value. Same as `set`. */
  put(key: string, value: In<M>, options?: Expiry): Ret<M, "OK"> {
    return this.set(key, value, options);
  }

  /** The entries between two keys. Same as `range`. */
  rangeGet<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    options?: RangeOptions & Own,
  ): Ret<M, [string, V | null][]>;
  /** The same, with values as stored. */
  rangeGet<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    options: RangeOptions & As<F>,
  ): Ret<M, [string, Raw<F> | null][]>;
  rangeGet(start: string, end?: string | null, options?: RangeOptions & Own): unknown {
    return this.range(start, end, options);
  }

  /** Returns whether a key exists. */
  override exists(key: string): Ret<M, boolean>;
  /**
   * Returns for each key, in order, whether it exists. This is a pipeline of `exists`: other callers' operations may run in
   * between.
   */
  override exists(keys: readonly string[], options?: Cancellable): Ret<M, boolean[]>;
  override exists(...given: [name: unknown, given?: unknown]): unknown {
    const [names, told] = given;
    const op = "exists";
    if (!Array.isArray(names)) return super.exists(...(given as [string]));
    arity(op, given.length, 1, 2);
    const { signal } = optionsOf<Cancellable>(op, told, []);
    throwIfAborted(op, this.signal, signal);
    const command = (name: unknown): Call => ({
      op,
      command: ["EXISTS", key(op, "key", name)],
      decode: flag,
    });
    const calls = names.map(command);
    return this.settle(() => then(this.core.pipeline(calls, signal), allOf) as Promised<boolean[]>);
  }

  /** Sets many keys at once, all or none. */
  override mset(entries: Pairs<In<M>>, options?: Expiry): Ret<M, "OK">;
  /**
   * The same, with an expiry of their own as the third item of entries: `[["a", 1, { ttl: 60 }], ["b", 2]]`. They are
   * written in one transaction, or one by one on a store without transactions (Cloudflare KV).
   */
  override mset(entries: Iterable<TimedEntry<In<M>>>, options?: Expiry): Ret<M, "OK">;
  override mset(...args: [given: unknown, told?: unknown]): unknown {
    const op = "mset";
    const [given, told] = args;
    const isOther =
      typeof given === "object" && given !== null && !Array.isArray(given) && !(given instanceof Map);
    const entries = isOther && Symbol.iterator in given ? [...(given as Iterable<unknown>)] : given;
    const isTimed = (entry: unknown) => Array.isArray(entry) && entry.length === 3;
    if (!Array.isArray(entries) || !entries.some(isTimed)) {
      return super.mset(...([entries, ...args.slice(1)] as [never]));
    }
    arity(op, args.length, 1, 2);
    const { signal, ...expiry } = optionsOf<Expiry>(op, told, EXPIRY);
    throwIfAborted(op, this.signal, signal);
    const calls = entries.map((entry: unknown): Call => {
      if (!Array.isArray(entry) || entry.length < 2 || entry.length > 3) {
        throw invalidArgument(op, "(keys) expects pairs, or a key, a value and options");
      }
      const [name, content, own] = entry as unknown[];
      const when = own === undefined ? expiry : settings<Expiry>(op, own, EXPIRY);
      const value = this.codec.encode(op, "value", content);
      return { op, command: ["SET", key(op, "key", name), value, ...expiryWords(op, when)], decode: ok };
    });
    const send = ({ atomic }: Capabilities) =>
      atomic ? this.core.multi([], calls, signal) : this.core.pipeline(calls, signal);
    const first = (done: unknown[]) => allOf(done)[0] as "OK";
    return this.settle(() => {
      const capable = this.core.capabilities() as Promised<Capabilities>;
      return then(capable, (capable) => then(send(capable), first)) as Promised<"OK">;
    });
  }

  /**
   * Collects operations to send them together: `kv.pipeline().set("a", 1).incr("a").exec()`. Each has its own result or
   * error; other callers' operations may run in between.
   */
  pipeline(): Pipeline<M> {
    return new Pipeline<M>(this.#settler(), this.codec, this.isWhole);
  }

  /**
   * Collects operations to run them as one, without any other in between: `kv.multi().incr("n").expire("n",
   * 60).exec()`. After `check(key, expected)`, nothing runs if the key has changed.
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

  /** Iterates over the keys with `scan`, from beginning to end. A key may occur twice. */
  scanIterator(options?: ScanOptions & Own): Sequence<M, string>;
  /** The same, with keys as bytes on request, including keys of other programs that are not UTF-8. */
  scanIterator<F extends RawForm>(options: ScanOptions & As<F>): Sequence<M, Raw<F>>;
  scanIterator(options?: unknown): unknown {
    return this.walk(
      (cursor) => this.scan(cursor, options as ScanOptions & Own),
      (page) => page.keys,
    );
  }

  /**
   * Goes through the keys from `start` up to `end` in order, each with its value, a page of `range` at a time: a page
   * sees what was written before it was asked for. Without `end`, covers every key that starts with `start`. On a
   * store that is not `ordered` (`capabilities()`) each page looks at every key.
   *
   * @example
   * for await (const [key, value] of kv.rangeIterator("user:")) console.log(key, value);
   */
  rangeIterator<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    options?: RangePages & Own,
  ): Sequence<M, [string, V | null]>;
  /** The same, with values as they are stored. */
  rangeIterator<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    options: RangePages & As<F>,
  ): Sequence<M, [string, Raw<F> | null]>;
  /** The same keys alone: no value is read. */
  rangeIterator(
    start: string,
    end: string | null | undefined,
    options: RangePages & KeysOnly,
  ): Sequence<M, string>;
  rangeIterator(start: string, end?: string | null, given?: unknown): unknown {
    const op = "rangeIterator";
    const known = ["after", "limit", "reverse", "values", "as", "count"] as const;
    const { count = RANGE_PAGE, ...chosen } = optionsOf<RangePages & Record<"values" | "as", unknown>>(
      op,
      given,
      known,
    );
    const size = Number(integer(op, "count", count));
    if (size < 1) throw invalidArgument(op, "(count) expects at least 1");
    let left =
      chosen.limit === undefined ? Number.POSITIVE_INFINITY : Number(integer(op, "limit", chosen.limit));
    let { after } = chosen;
    const page = function* (this: Handle<M>): Steps<{ cursor: string; entries: unknown[] }> {
      const limit = Math.min(left, size);
      const asked = { ...chosen, limit, ...(after === undefined ? {} : { after }) };
      const entries = yield* wait<unknown[]>(this.range(start, end, asked as RangeOptions & Own));
      left -= entries.length;
      const last = entries[entries.length - 1];
      after = Array.isArray(last) ? (last[0] as string) : (last as string);
      return { cursor: entries.length < limit || left === 0 ? "0" : "1", entries };
    };
    return this.walk(
      () => this.finish(page.call(this)),
      ({ entries }) => entries,
    );
  }

  /** Goes through the fields of a hash and their values: `hscan` from its beginning to its end. A field may come twice. */
  hscanIterator<V extends Out<M> = Out<M>>(
    key: string,
    options?: MatchOptions & Own,
  ): Sequence<M, [string, V]>;
  /** The same, with fields and values as stored. */
  hscanIterator<F extends RawForm>(key: string, options: MatchOptions & As<F>): Sequence<M, [Raw<F>, Raw<F>]>;
  hscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.hscan(name, cursor, given as MatchOptions & Own),
      (page) => page.entries,
    );
  }

  /** Iterates over the members of a set with `sscan`. A member may occur twice. */
  sscanIterator<V extends Out<M> = Out<M>>(key: string, options?: MatchOptions & Own): Sequence<M, V>;
  /** The same, with members as stored. */
  sscanIterator<F extends RawForm>(key: string, options: MatchOptions & As<F>): Sequence<M, Raw<F>>;
  sscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.sscan(name, cursor, given as MatchOptions & Own),
      (page) => page.members,
    );
  }

  /** Iterates over the members of a sorted set and their scores with `zscan`. A member may occur twice. */
  zscanIterator<V extends Out<M> = Out<M>>(
    key: string,
    options?: MatchOptions & Own,
  ): Sequence<M, [member: V, score: number]>;
  /** The same, with members as stored. */
  zscanIterator<F extends RawForm>(
    key: string,
    options: MatchOptions & As<F>,
  ): Sequence<M, [member: Raw<F>, score: number]>;
  zscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.zscan(name, cursor, given as MatchOptions & Own),
      (page) => page.members,
    );
  }

  /** Returns statistics about the store. O(keys under the prefix). */
  stats(): Ret<M, Stats> {
    return this.settle(() => {
      arity("stats", arguments.length, 0);
      throwIfAborted("stats", this.signal);
      return this.core.stats() as Promised<Stats>;
    });
  }

  /** Returns what the store can promise. */
  capabilities(): Ret<M, Capabilities> {
    return this.settle(() => this.core.capabilities() as Capabilities);
  }

  /**
   * Closes this handle. Later operations through it fail with `closed`; closing again does nothing. A memory store
   * drops its entries when every handle on it has been closed.
   */
  close(): Ret<M, void> {
    return this.settle(() => this.core.close());
  }
}

// Only the scheme of the URL, which may contain a password.
shown(Handle.prototype as Handle<Mode>, (handle) => handle.facts());
