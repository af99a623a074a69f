// The stream of changes of records.

import { integer, text } from "../values/arguments.js";
import type { Cancellable } from "../base/signals.js";
import type { Mode, Ret } from "../values/mode.js";
import { count } from "../wire/replies.js";
import { asChanges, type Change } from "../values/rows.js";
import { family } from "./family.js";
import { named, type Operation, operation } from "./operation.js";

/** Which changes are read. */
export interface ChangeOptions extends Cancellable {
  /** Only the one of this seq, if there is one, and those after it. */
  readonly from?: number | undefined;
  /** At most so many. */
  readonly limit?: number | undefined;
  /** Only those of records of this type. */
  readonly type?: string | undefined;
  /** Only those of records whose keys begin with this text. */
  readonly prefix?: string | undefined;
}

/** The stream of changes: every change of a record, in the order in which they were committed, until it is trimmed. */
export interface Changes<M extends Mode> {
  /** The changes that the options choose, from the oldest on. O(log n + changes looked at). */
  read<T = unknown>(given?: ChangeOptions): Ret<M, Change<T>[]>;

  /**
   * The seq of the last change of the store, whatever the prefix, and also when it is trimmed; 0 when there was none. O(1).
   */
  latest(): Ret<M, number>;

  /**
   * Removes the changes before a seq; how many. Nothing else does: the stream counts as memory that is used. O(changes
   * removed), with a prefix O(changes).
   */
  trim(seq: number): Ret<M, number>;
}

/** @internal The changes of a store. */
export const ChangesOf = family<Changes<Mode>>("changes", {
  read: operation({}, asChanges, named({ from: integer, limit: integer, type: text, prefix: text })),
  latest: operation({}, count),
  trim: operation({ seq: integer }, count),
} satisfies Record<keyof Changes<Mode>, Operation>);
