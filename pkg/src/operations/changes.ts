// The stream of changes of records.

import { integer, text } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import type { Mode, Ret } from "../values/mode.js";
import { count, ok } from "../wire/replies.js";
import { asChanges, type Change } from "../values/rows.js";
import { family } from "./family.js";
import { named, type Operation, operation } from "./operation.js";

/** Which changes to read. */
export interface ChangeOptions extends Cancellable {
  /** Only changes with this seq or a later one. */
  readonly from?: number | undefined;
  /** The most to return. */
  readonly limit?: number | undefined;
  /** Only changes of records of this type. */
  readonly type?: string | undefined;
  /** Only changes of records whose keys start with this text. */
  readonly prefix?: string | undefined;
}

/** The stream of changes: every change of a record, in commit order, until it is trimmed. */
export interface Changes<M extends Mode> {
  /** Returns the changes that match the options, oldest first. O(log n + changes looked at). */
  read<T = unknown>(options?: ChangeOptions): Ret<M, Change<T>[]>;

  /**
   * Returns the seq of the store's last change, regardless of the prefix and of trimming; 0 if there was none. O(1).
   */
  latest(): Ret<M, number>;

  /**
   * Removes the changes before a seq and returns how many. Nothing else removes changes, and they count as used memory.
   * O(changes removed), with a prefix O(changes).
   */
  trim(seq: number): Ret<M, number>;

  /**
   * Makes sure that later changes, stamps and tokens have numbers greater than this one, as those of another store had up to
   * there. O(1).
   *
   * Errors: `invalid-argument` for a number beyond 2^53 - 1.
   */
  advance(seq: number): Ret<M, "OK">;
}

/** @internal The changes of a store. */
export const ChangesOf = family<Changes<Mode>>("changes", {
  read: operation({}, asChanges, named({ from: integer, limit: integer, type: text, prefix: text })),
  latest: operation({}, count),
  trim: operation({ seq: integer }, count),
  advance: operation({ seq: integer }, ok),
} satisfies Record<keyof Changes<Mode>, Operation>);
