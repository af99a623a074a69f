// Who reads the stream of changes, and how far they have come.

import { integer, key, text } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import type { Duration } from "../values/expiry.js";
import type { Mode, Ret } from "../values/mode.js";
import { countOrNull, flag, ok } from "../wire/replies.js";
import { asConsumer, type ConsumerStatus } from "../values/rows.js";
import { family } from "./family.js";
import { lasting } from "./locks.js";
import { named, type Operation, operation } from "./operation.js";

/** How a position is kept. */
export interface CommitOptions extends Cancellable {
  /** The fencing token of the claim. */
  readonly token?: number | undefined;
}

/** Consumers of the stream of changes: a name, how far it has come, and who reads under it now. */
export interface Consumers<M extends Mode> {
  /**
   * Takes a consumer that nobody else holds, or prolongs one's own hold, for a time from now: its fencing token, or `null`
   * when another has it. O(log n).
   */
  claim(name: string, owner: string, ttl: Duration): Ret<M, number | null>;

  /** Gives a consumer up; whether this owner held it. O(log n). */
  release(name: string, owner: string): Ret<M, boolean>;

  /**
   * Keeps how far a consumer has come: the changes up to this seq are dealt with. Without a token only while nobody holds the
   * consumer. O(log n).
   *
   * Errors: `conflict` when another hold has begun, or the token's has ended: nothing has changed then.
   */
  commit(name: string, seq: number, given?: CommitOptions): Ret<M, "OK">;

  /** How far a consumer has come, and who holds it. O(log n). */
  status(name: string): Ret<M, ConsumerStatus>;

  /** Forgets how far a consumer has come; whether anything was known. O(log n). */
  delete(name: string): Ret<M, boolean>;
}

/** @internal The consumers of a store. */
export const ConsumersOf = family<Consumers<Mode>>("consumers", {
  claim: operation({ name: key, owner: text, ttl: lasting }, countOrNull),
  release: operation({ name: key, owner: text }, flag),
  commit: operation({ name: key, seq: integer }, ok, named({ token: integer })),
  status: operation({ name: key }, asConsumer),
  delete: operation({ name: key }, flag),
} satisfies Record<keyof Consumers<Mode>, Operation>);
