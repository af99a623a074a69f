// What a store's handle stands on: a way to carry commands. Stores in memory answer at once, others promise to.

import type { Call, Check } from "../memory/core.js";
import type { Direct } from "../memory/direct.js";
import type { Decoder } from "./replies.js";
import type { Argument } from "./wire.js";

/** A value, or the promise of one. */
export type Promised<V> = V | Promise<V>;

/** One handle on a store. What is wrong at once is thrown. */
export interface Connection {
  /** The short ways, where there are any. */
  readonly direct: Direct | undefined;
  /** Whether the handle sees a whole server, which may belong to others too. */
  readonly isWhole: boolean;
  /** Runs one command. */
  call<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Promised<V>;
  /** Runs commands in one trip, each with a result or an error of its own. */
  pipeline(calls: readonly Call[], signal?: AbortSignal): Promised<unknown[]>;
  /** Runs commands as one, if all checks hold. */
  multi(checks: readonly Check[], calls: readonly Call[], signal?: AbortSignal): Promised<unknown[]>;
  /** How the store is doing. */
  stats(): unknown;
  /** What the store promises. */
  capabilities(): unknown;
  /** Another handle on the same store, with another prefix behind this one's. */
  withPrefix(prefix: string): Connection;
  /** Gives the handle back. */
  close(): Promised<void>;
}

/** Goes on with an answer, at once where it is there. */
export function then<A, B>(answer: Promised<A>, go: (answer: A) => B): Promised<B> {
  return answer instanceof Promise ? answer.then(go) : go(answer);
}
