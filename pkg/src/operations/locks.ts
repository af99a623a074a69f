// Locks with fencing tokens.

import { key, text } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { countOrNull, flag } from "../wire/replies.js";
import { asLock, type Lock } from "../values/rows.js";
import { family } from "./family.js";
import { type Check, type Operation, operation } from "./operation.js";

/** Locks. One owner at a time holds a lock, until it is released or expires. */
export interface Locks<M extends Mode> {
  /**
   * Acquires a lock for a time, or extends your own. Returns the fencing token, or `null` if another owner holds the
   * lock. Extending a lock keeps its token. O(log n).
   */
  acquire(name: string, owner: string, ttl: Duration): Ret<M, number | null>;

  /** Releases a lock. Returns whether this owner held it. O(log n). */
  release(name: string, owner: string): Ret<M, boolean>;

  /** Returns the holder of a lock; `null` if nobody holds it. O(log n). */
  status(name: string): Ret<M, Lock | null>;
}

/** @internal A time of at least a millisecond. */
export const lasting: Check = (op, name, given) => {
  const ms = milliseconds(op, name, given);
  if (ms <= 0) throw invalidArgument(op, `(${name}) expects at least a millisecond`);
  return String(ms);
};

/** @internal The locks of a store. */
export const LocksOf = family<Locks<Mode>>("locks", {
  acquire: operation({ name: key, owner: text, ttl: lasting }, countOrNull),
  release: operation({ name: key, owner: text }, flag),
  status: operation({ name: key }, asLock),
} satisfies Record<keyof Locks<Mode>, Operation>);
