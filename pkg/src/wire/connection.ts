// What a store's handle uses to send commands. Memory stores answer immediately, others with a promise.

import type { Decoder } from "./replies.js";
import type { Argument } from "./wire.js";

/** A value, or the promise of one. */
export type Promised<V> = V | Promise<V>;

/** A command and how to read its reply. */
export interface Call {
  readonly op: string;
  readonly command: Argument[];
  readonly decode: Decoder<unknown>;
}

/** A key and the value that it must still hold; `null`: it must not exist. */
export interface Check {
  readonly key: string;
  readonly expected: Argument | null;
}

/** What makes room when a store is full. */
export type Eviction = "noeviction" | "allkeys-lru" | "volatile-ttl";

/** What the core is told when a store is opened. */
export interface CoreOptions {
  readonly prefix?: string;
  readonly defaultTtlMs?: number;
  readonly maxBytes?: number;
  readonly maxKeys?: number;
  readonly eviction?: Eviction;
  readonly maxKeyBytes?: number;
}

/**
 * Faster ways of the most frequent operations. `undefined`, or `false` from `set`, says that they have done nothing: the command
 * is to be run.
 */
export interface Shortcuts {
  /** The text of a key; `null` when it does not exist. */
  get(key: string): string | null | undefined;
  /** The texts of keys; `null` for one that does not exist or holds no string. */
  mget(keys: readonly string[]): (string | null)[] | undefined;
  /** Writes text; `ttl` in milliseconds, 0 for never, negative for the handle's default. */
  set(key: string, text: string, ttl: number): boolean;
  /** Adds to a counter and gives the sum. */
  incr(key: string, by: number, op: string): number | bigint | undefined;
}

/** One handle on a store. What is wrong at once is thrown. */
export interface Connection {
  /** Where there are any. */
  readonly shortcuts: Shortcuts | undefined;
  /** Whether the handle sees a whole server, which may belong to others too. */
  readonly isWhole: boolean;
  /** False once it is closed. */
  readonly isOpen: boolean;
  /**
   * Calls `changed` whenever there may be new changes of records, and when the connection is closed. Returns how to end
   * that, or `undefined` if the store cannot tell of every change.
   */
  watch?(changed: () => void): (() => void) | undefined;
  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Promised<V>;
  /** Runs commands in one round trip, each with its own result or error. */
  pipeline(calls: readonly Call[], signal?: AbortSignal): Promised<unknown[]>;
  /** Runs commands as a transaction, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[], signal?: AbortSignal): Promised<unknown[]>;
  /** The store's statistics. */
  stats(): unknown;
  /** What the store guarantees. */
  capabilities(): unknown;
  /** Returns another handle on the same store, with a prefix appended to this one's. */
  withPrefix(prefix: string): Connection;
  /** Closes the handle. */
  close(): Promised<void>;
}

/** Continues with an answer, immediately if it is not a promise. */
export function then<A, B>(answer: Promised<A>, go: (answer: A) => B): Promised<B> {
  return answer instanceof Promise ? answer.then(go) : go(answer);
}
