// What a store's handle uses to send commands. Memory stores answer immediately, others with a promise.

import type { Call, Check } from "../memory/core.js";
import type { Direct } from "../memory/direct.js";
import type { Decoder } from "./replies.js";
import type { Argument } from "./wire.js";

/** A value, or the promise of one. */
export type Promised<V> = V | Promise<V>;

/** A handle on a store. Immediate errors are thrown. */
export interface Connection {
  /** The fast paths, if any. */
  readonly direct: Direct | undefined;
  /** Whether the handle sees a whole server, which others may use too. */
  readonly isWhole: boolean;
  /** False once it is closed. */
  readonly isOpen: boolean;
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
