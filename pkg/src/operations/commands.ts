// What all operations stand on: a way to send a command. It must not know how commands travel.

import type { Shortcuts } from "../wire/connection.js";
import type { Mode, Ret } from "../values/mode.js";
import type { Decoder } from "../wire/replies.js";
import type { Codec } from "../values/serializer.js";
import type { Cancellable } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";

/** Whatever takes commands. */
export abstract class Commands<M extends Mode> {
  /** @internal How values are written and read. */
  readonly codec: Codec;

  /** @internal */
  constructor(codec: Codec) {
    this.codec = codec;
  }

  /** @internal Sends a command; `op` is the operation's name for errors. */
  abstract send<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Ret<M, V>;

  /** @internal What an open store has; a batch has none. */
  get shortcuts(): Shortcuts | undefined {
    return undefined;
  }

  /** @internal Whether what is done to all keys is done to a whole server, which may belong to others too. */
  abstract readonly isWhole: boolean;

  /** @internal An answer that is known at once. */
  answer<V>(value: V): Ret<M, V> {
    return value as Ret<M, V>;
  }
}

/** Read values as the store's serializer does: as text, unless it was opened with another one. */
export interface Own extends Cancellable {
  /** Not said. */
  readonly as?: undefined;
}

/** A form in which every value can be read, whatever the store's serializer. */
export type RawForm = "text" | "bytes";

/** Read values as what is stored: as `"text"` or as `"bytes"`. */
export interface As<F extends RawForm> extends Cancellable {
  /** The form: `"bytes"` gives each value as a `Uint8Array`, `"text"` as its text. */
  readonly as: F;
}

/** What values are then. */
export type Raw<F extends RawForm> = F extends "bytes" ? Uint8Array : string;

/** How to look through a hash, a set or a sorted set. */
export interface MatchOptions extends Cancellable {
  /** A glob (`*`, `?`, `[abc]`, `[^a-z]`, `\`) that the field or member must match. Default: all. */
  readonly match?: string | Uint8Array | undefined;
  /** About how many to look at in one call: a hint, 10 when left out. */
  readonly count?: number | undefined;
}
