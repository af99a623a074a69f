// Who reads the stream of changes, and how far they have come.

import { integer, key, text } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import type { Duration } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { countOrNull, flag, ok } from "../wire/replies.js";
import { asConsumer, asPositions, type ConsumerStatus } from "../values/rows.js";
import { family } from "./family.js";
import { lasting } from "./locks.js";
import { named, type Operation, operation } from "./operation.js";

/** Options for `commit`. */
export interface CommitOptions extends Cancellable {
  /** The fencing token of the claim. */
  readonly token?: number | undefined;
}

/** Consumers of the stream of changes. A consumer has a name, a position, and at most one holder that reads. */
export interface Consumers<M extends Mode> {
  /**
   * Claims a consumer for a time, or extends your claim. Returns the fencing token, or `null` if another owner holds
   * the consumer. O(log n).
   */
  claim(name: string, owner: string, ttl: Duration): Ret<M, number | null>;

  /** Releases a consumer. Returns whether this owner held it. O(log n). */
  release(name: string, owner: string): Ret<M, boolean>;

  /**
   * Commits a consumer's position: the changes up to this seq are done. Without a token this works only while nobody
   * holds the consumer. O(log n).
   *
   * Errors: `conflict` if the token is not the current holder's, `invalid-argument` if the seq is beyond the latest
   * change; nothing has changed.
   */
  commit(name: string, seq: number, options?: CommitOptions): Ret<M, "OK">;

  /** Returns a consumer's position and holder. O(log n). */
  status(name: string): Ret<M, ConsumerStatus>;

  /** Deletes a consumer's position. Returns whether there was one. O(log n). */
  delete(name: string): Ret<M, boolean>;

  /**
   * Returns the names of the consumers that have committed, each with its position, in the order of the names' bytes.
   * O(consumers).
   */
  list(): Ret<M, [name: string, position: number][]>;
}

/** @internal The consumers of a store. */
export const ConsumersOf = family<Consumers<Mode>>("consumers", {
  claim: operation({ name: key, owner: text, ttl: lasting }, countOrNull),
  release: operation({ name: key, owner: text }, flag),
  commit: operation({ name: key, seq: integer }, ok, named({ token: integer })),
  status: operation({ name: key }, asConsumer),
  delete: operation({ name: key }, flag),
  list: operation({}, asPositions),
} satisfies Record<keyof Consumers<Mode>, Operation>);
