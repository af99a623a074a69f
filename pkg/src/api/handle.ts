// What every store has beside its operations: batches, iterators, facts about itself, an end. Written once for both
// modes.

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
import { type Changes, ChangesOf } from "../operations/changes.js";
import { type Consumers, ConsumersOf } from "../operations/consumers.js";
import type { Host } from "../operations/family.js";
import { type Locks, LocksOf } from "../operations/locks.js";
import { type Records, RecordsOf, type TypedRecords } from "../operations/records.js";
import { type Tasks, TasksOf } from "../operations/tasks.js";
import { Patterns } from "./patterns.js";
import type { Codec } from "../values/serializer.js";
import { shown } from "../base/shown.js";
import { watch, type WatchOptions } from "./watch.js";
import { type Held, type LockOptions, withLock } from "./with-lock.js";
import { worker, type Worker, type WorkerOptions } from "./worker.js";
import type { Change } from "../values/rows.js";
import { type Cancellable, throwIfAborted } from "../base/signals.js";
import { type Steps, wait } from "../base/steps.js";

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
  /** Whether it has records, and what is built on them: changes, consumers, locks and tasks. */
  records: boolean;
  /** How soon a write is seen by others. */
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
export type TimedEntry<W> = readonly [key: string, value: W, given?: Expiry];

/** How many entries of a range are read at a time. */
const RANGE_PAGE = 1_000;

/** What commands gave; the first that failed fails all. */
function allOf(results: unknown[]): unknown[] {
  const failed = results.find((result) => result instanceof KvError);
  if (failed !== undefined) throw failed as KvError;
  return results;
}

/** A handle on a store. */
export abstract class Handle<M extends Mode> extends Patterns<M> {
  /** @internal */
  protected readonly core: Connection;
  /** @internal By which the user gives the handle up. */
  protected readonly signal: AbortSignal | undefined;
  /** @internal Where it is within the store: its prefix. */
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

  /** @internal What a console shows of it. */
  facts(): string {
    const state = this.core.isOpen ? "open" : "closed";
    return `url: "${this.scheme}", prefix: "${this.within}", state: "${state}"`;
  }

  /** JSON documents, each with a version: `kv.records.put("person:alice", -1, { age: 30 })`. */
  get records(): Records<M> & {
    /** The same records as values of one type, in TypeScript and in the store. */
    of<T>(type: string): TypedRecords<M, T>;
  } {
    return new RecordsOf(this as Host) as never;
  }

  /** The stream of changes of records. */
  get changes(): Changes<M> & {
    /**
     * The changes as they come: those from a seq on, or those to come, until the signal is aborted. What is done in this process is
     * seen at once.
     */
    watch<T = unknown>(given?: WatchOptions): AsyncIterableIterator<Change<T>>;
  } {
    const changes = new ChangesOf(this as Host);
    return Object.assign(changes, { watch: (given?: unknown) => watch(changes, given) }) as never;
  }

  /** Who reads that stream, and how far they have come. */
  get consumers(): Consumers<M> {
    return new ConsumersOf(this as Host) as never;
  }

  /** Locks with fencing tokens. */
  get locks(): Locks<M> & {
    /**
     * Waits for a lock, does some work under it, and gives it up. The lock is prolonged while the work lasts; the work's signal is
     * aborted when it is lost all the same. Gives what the work gives.
     *
     * Errors: those of the work; `cancelled` when the caller gives up before the lock is free.
     */
    withLock<V>(name: string, work: (held: Held) => V | Promise<V>, given?: LockOptions): Promise<V>;
  } {
    const locks = new LocksOf(this as Host);
    return Object.assign(locks, {
      withLock: (name: string, work: (held: Held) => unknown, given?: unknown) =>
        withLock(locks, name, work, given),
    }) as never;
  }

  /** Work that waits for its time, and for a worker. */
  get tasks(): Tasks<M> & {
    /**
     * Takes tasks that are due and lets handlers do them: prolongs the hold on a task while it is done, ends it when it takes longer
     * than its timeout, and stops without leaving anything half done.
     */
    worker(given: WorkerOptions): Worker;
  } {
    const tasks = new TasksOf(this as Host);
    return Object.assign(tasks, { worker: (given: unknown) => worker(tasks, given) }) as never;
  }

  /** @internal Lets work be done, and answers in this store's mode. */
  abstract settle<V>(work: () => Promised<V>): Ret<M, V>;

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
    return this.another({
      core,
      codec: this.codec,
      signal: this.signal,
      scheme: this.scheme,
      prefix: this.within + namespace(prefix),
    });
  }

  /** Writes a value: `set` by its name in other stores. */
  put(key: string, value: In<M>, options?: Expiry): Ret<M, "OK"> {
    return this.set(key, value, options);
  }

  /** The entries between two keys: `range` by its name in other stores. */
  rangeGet<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    options?: RangeOptions & Own,
  ): Ret<M, [string, V | null][]>;
  /** The same, with values as they are stored. */
  rangeGet<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    options: RangeOptions & As<F>,
  ): Ret<M, [string, Raw<F> | null][]>;
  rangeGet(start: string, end?: string | null, options?: RangeOptions & Own): unknown {
    return this.range(start, end, options);
  }

  /** Whether a key exists. */
  override exists(name: string): Ret<M, boolean>;
  /**
   * Whether each of several keys exists, in their order: a pipeline of `exists`, so that other callers' operations may come in
   * between.
   */
  override exists(names: readonly string[], given?: Cancellable): Ret<M, boolean[]>;
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

  /** Writes values under keys, all or none of them. */
  override mset(entries: Pairs<In<M>>, given?: Expiry): Ret<M, "OK">;
  /**
   * The same, where entries say for themselves when they expire, as a third item: `[["a", 1, { ttl: 60 }], ["b", 2]]`. They are
   * written as one transaction; where a store has none (Cloudflare KV), one after the other.
   */
  override mset(entries: Iterable<TimedEntry<In<M>>>, given?: Expiry): Ret<M, "OK">;
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
  scanIterator(options?: ScanOptions & Own): Sequence<M, string>;
  /** The same, with keys as bytes if asked for: also those that another program has written and that are no text. */
  scanIterator<F extends RawForm>(options: ScanOptions & As<F>): Sequence<M, Raw<F>>;
  scanIterator(options?: unknown): unknown {
    return this.walk(
      (cursor) => this.scan(cursor, options as ScanOptions & Own),
      (page) => page.keys,
    );
  }

  /**
   * Goes through the keys from `start` up to `end` in order, each with its value, a page of `range` at a time: a page sees what was
   * written before it was asked for. Without `end`: every key that starts with `start`. On a store that is not `ordered`
   * (`capabilities()`) each page looks at every key.
   *
   * @example
   * for await (const [key, value] of kv.rangeIterator("user:")) console.log(key, value);
   */
  rangeIterator<V extends Out<M> = Out<M>>(
    start: string,
    end?: string | null,
    given?: RangePages & Own,
  ): Sequence<M, [string, V | null]>;
  /** The same, with values as they are stored. */
  rangeIterator<F extends RawForm>(
    start: string,
    end: string | null | undefined,
    given: RangePages & As<F>,
  ): Sequence<M, [string, Raw<F> | null]>;
  /** The same keys alone: no value is read. */
  rangeIterator(
    start: string,
    end: string | null | undefined,
    given: RangePages & KeysOnly,
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
  /** The same, with fields and values as they are stored. */
  hscanIterator<F extends RawForm>(key: string, options: MatchOptions & As<F>): Sequence<M, [Raw<F>, Raw<F>]>;
  hscanIterator(name: string, given?: unknown): unknown {
    return this.walk(
      (cursor) => this.hscan(name, cursor, given as MatchOptions & Own),
      (page) => page.entries,
    );
  }

  /** Goes through the members of a set: `sscan` from its beginning to its end. A member may come twice. */
  sscanIterator<V extends Out<M> = Out<M>>(key: string, options?: MatchOptions & Own): Sequence<M, V>;
  /** The same, with members as they are stored. */
  sscanIterator<F extends RawForm>(key: string, options: MatchOptions & As<F>): Sequence<M, Raw<F>>;
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

// Of the URL only the scheme: it may hold a password.
shown(Handle.prototype as Handle<Mode>, (handle) => handle.facts());
