// What all operations stand on: a way to send a command. It must not know how commands travel.

import type { Direct } from "../direct.js";
import type { Mode, Ret } from "../mode.js";
import type { Decoder } from "../replies.js";
import type { Argument } from "../wire.js";

/** Whatever takes commands. */
export abstract class Commands<M extends Mode> {
  /** Sends a command; `op` is the operation's name for errors. */
  protected abstract send<V>(op: string, command: Argument[], decode: Decoder<V>): Ret<M, V>;

  /** The short ways that an open store has for its most frequent operations; a batch has none. */
  protected get direct(): Direct | undefined {
    return undefined;
  }

  /** An answer that is known at once. */
  protected answer<V>(value: V): Ret<M, V> {
    return value as Ret<M, V>;
  }
}

/** Read values as text (the default). */
export interface AsText {
  readonly as?: "text" | undefined;
}

/** Read values as bytes. */
export interface AsBytes {
  readonly as: "bytes";
}

/** How to look through a hash or a set. */
export interface MatchOptions {
  /** A glob (`*`, `?`, `[abc]`, `[^a-z]`, `\`) that the field or member must match. Without it: every one. */
  readonly match?: string | Uint8Array | undefined;
  /** About how many to look at in one call: a hint, 10 when left out. */
  readonly count?: number | undefined;
}
