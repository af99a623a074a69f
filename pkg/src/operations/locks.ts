// Locks with fencing tokens.

import { key, text } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { countOrNull, flag } from "../wire/replies.js";
import { asLock, type Lock } from "../values/rows.js";
import { family } from "./family.js";
import { type Check, type Operation, operation } from "./operation.js";

/** Locks: names that one owner at a time holds, until the owner gives it up or its time ends. */
export interface Locks<M extends Mode> {
  /**
   * Takes a lock that nobody else holds, or prolongs one's own, for a time from now: its fencing token, or `null` when another
   * has it. To prolong a lock leaves its token as it is. O(log n).
   */
  acquire(name: string, owner: string, ttl: Duration): Ret<M, number | null>;

  /** Gives a lock up; whether this owner held it. O(log n). */
  release(name: string, owner: string): Ret<M, boolean>;

  /** Who holds a lock; `null` when nobody does. O(log n). */
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
