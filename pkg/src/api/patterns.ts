// What programs do with several operations, as one call each: make what is missing, change what is there, carry entries
// from one store to another. Written once for both modes, on operations and nothing else.

import { arity, callable, integer, key, options } from "../values/arguments.js";
import type { Call } from "../memory/core.js";
import { type Entry, type EntryOptions, entryPage, type JsonEntry, load, type Loadable } from "./entries.js";
import { failed, invalidArgument } from "../base/errors.js";
import { EXPIRY, type Expiry, expiryWords } from "../values/expiry.js";
import type { In, Mode, Out, Ret, Sequence, Source } from "../values/mode.js";
import type { As, Own, Raw, RawForm } from "../operations/commands.js";
import { Operations } from "../operations/all.js";
import { bytes, flag, okOrNull } from "../wire/replies.js";
import { formOf, read } from "../values/serializer.js";
import { throwIfAborted, untilAborted } from "../base/signals.js";
import { type Steps, wait } from "../base/steps.js";
import type { Argument } from "../wire/wire.js";

/** What a caller's function gives: a value, or in an asynchronous store also the promise of one. */
export type Work<M extends Mode, V> = V | Ret<M, V>;

/** What reading gives after a `V` has been written. */
export type Read<M extends Mode, V> = V extends Out<M> ? V : Out<M>;

/** When an updated value expires, and how often to try; when nothing is said the deadline stays. */
export type UpdateOptions = Expiry & {
  /** How often to try at most when others change the key meanwhile: 32 when left out. */
  readonly tries?: number | undefined;
};

/** The longest random pause before another try of an update, in milliseconds. */
const LONGEST_PAUSE = 64;

/** Stores with the patterns. */
export abstract class Patterns<M extends Mode> extends Operations<M> {
  /** Does work in steps, and answers in this store's mode. */
  protected abstract finish<V>(steps: Steps<V>): Ret<M, V>;

  /** The same, but those who come while it is under way share it. */
  protected abstract once<V>(flight: string, steps: () => Steps<V>): Ret<M, V>;

  /** Waits. */
  protected abstract pause(ms: number): Ret<M, void>;

  /** Runs commands as one. */
  protected abstract together(calls: readonly Call[]): Ret<M, unknown[]>;

  /** Goes through the pages of a scan, from cursor `"0"` until it comes again. */
  protected abstract walk<P extends { cursor: string }, T>(
    page: (cursor: string) => Ret<M, P>,
    items: (page: P) => readonly T[],
  ): Sequence<M, T>;

  /**
   * The value of a key; when it does not exist, what `make` gives, written with the options about time that `set` takes.
   * `make` runs once, however many callers of this handle, and of those by `withPrefix` on the same connection, wait for the
   * key: all get its value, or its error, and after an error nothing is written. The first caller's options about time count.
   * What others have written meanwhile is kept and given; a `del` meanwhile is not seen. `make` must not ask for the same key.
   *
   * Errors: those of `make`, `get` and `set`; `invalid-argument` when `make` gives `undefined`.
   *
   * @example
   * const user = await kv.getOrSet("user:1", () => database.user(1), { ttl: "5m" });
   */
  getOrSet<V extends In<M>>(name: string, make: () => Work<M, V>, given?: Expiry & Own): Ret<M, Read<M, V>>;
  /** The same, with the value as it is stored. */
  getOrSet<F extends RawForm>(
    name: string,
    make: () => Work<M, In<M>>,
    given: Expiry & As<F>,
  ): Ret<M, Raw<F>>;
  getOrSet(name: unknown, make: unknown, given?: unknown): unknown {
    return this.finish(this.#getOrSet(arguments.length, name, make, given));
  }

  *#getOrSet(got: number, name: unknown, make: unknown, given: unknown): Steps<unknown> {
    const op = "getOrSet";
    arity(op, got, 2, 3);
    const known = [...EXPIRY, "as"] as const;
    const chosen = options<Record<(typeof known)[number], unknown>>(op, given, known);
    const named = key(op, "key", name);
    const maker = callable<() => unknown>(op, "make", make);
    const expiry = expiryWords(op, chosen);
    formOf(this.codec, op, chosen.as);
    const { signal } = chosen;
    throwIfAborted(op, signal);
    const made = this.once(named, () => this.#make(named, maker, expiry));
    // Each caller reads for itself: what one does to the value is not seen by another. So does each give up for itself.
    const isAwaited = signal !== undefined && made instanceof Promise;
    const stored = yield* wait<Argument>(isAwaited ? untilAborted(op, made, signal) : made);
    return read(this.codec, op, stored, chosen.as);
  }

  *#make(name: string, make: () => unknown, expiry: readonly string[]): Steps<Argument> {
    const op = "getOrSet";
    const held = yield* wait<Uint8Array | null>(this.send(op, ["GET", name], bytes.valueOrNull));
    if (held !== null) return held;
    const made = this.codec.encode(op, "value", yield* wait(make()));
    const command = ["SET", name, made, ...expiry, "NX", "GET"];
    return (yield* wait<Uint8Array | null>(this.send(op, command, bytes.valueOrNull))) ?? made;
  }

  /**
   * Changes the value of a key: `change` is given the value, `null` when the key does not exist, and gives the new one,
   * which is written if the key still holds what was read; if not, all of it happens again. Gives the new value.
   *
   * When `change` gives `undefined` nothing is changed and the answer is the value as it was; when it gives `null` the key is
   * removed. The deadline stays unless the options say otherwise; a new key gets the `defaultTtl`, as with `set`.
   *
   * Errors: those of `change`, `get` and `set`, with nothing changed; `conflict` when others were faster each time.
   *
   * @example
   * await kv.update("cart:1", (cart) => ({ ...cart, items: [...(cart?.items ?? []), item] }));
   */
  update<V extends Out<M> = Out<M>>(
    name: string,
    change: (current: V | null) => Work<M, In<M> | null | undefined>,
    given?: UpdateOptions & Own,
  ): Ret<M, V | null>;
  /** The same, with the value as it is stored. */
  update<F extends RawForm>(
    name: string,
    change: (current: Raw<F> | null) => Work<M, In<M> | null | undefined>,
    given: UpdateOptions & As<F>,
  ): Ret<M, Raw<F> | null>;
  update(name: unknown, change: unknown, given?: unknown): unknown {
    return this.finish(this.#update(arguments.length, name, change, given));
  }

  *#update(got: number, name: unknown, change: unknown, given: unknown): Steps<unknown> {
    const op = "update";
    arity(op, got, 2, 3);
    const known = [...EXPIRY, "tries", "as"] as const;
    const chosen = options<Record<(typeof known)[number], unknown>>(op, given, known);
    const named = key(op, "key", name);
    const changer = callable<(current: unknown) => unknown>(op, "change", change);
    const expiry = expiryWords(op, chosen);
    const { signal } = chosen;
    const tries = Number(integer(op, "tries", chosen.tries ?? 32));
    formOf(this.codec, op, chosen.as);
    if (tries < 1) throw invalidArgument(op, "(tries) expects at least 1");
    const show = (stored: Argument | null) =>
      stored === null ? null : read(this.codec, op, stored, chosen.as);

    for (let attempt = 1; attempt <= tries; attempt++) {
      const held = yield* wait<Uint8Array | null>(this.send(op, ["GET", named], bytes.valueOrNull, signal));
      const next = yield* wait(changer(show(held)));
      // Read once more: `change` may have worked on the value that it was given.
      if (next === undefined) return show(held);
      const written = next === null ? null : this.codec.encode(op, "value", next);
      if (yield* this.#swap(named, held, written, expiry, signal)) return show(written);
      const longest = Math.min(2 ** attempt, LONGEST_PAUSE);
      if (attempt < tries) yield* wait(this.pause(Math.random() * longest));
    }
    throw failed(op, "conflict", `(key) was changed by others in each of ${tries} tries`);
  }

  *#swap(
    name: string,
    held: Argument | null,
    next: Argument | null,
    expiry: readonly string[],
    signal: AbortSignal | undefined,
  ): Steps<boolean> {
    const op = "update";
    if (next === null) {
      if (held === null) return true;
      return yield* wait<boolean>(this.send(op, ["COMPAREANDDELETE", name, held], flag, signal));
    }
    if (held === null) {
      return (yield* wait(this.send(op, ["SET", name, next, ...expiry, "NX"], okOrNull, signal))) !== null;
    }
    const when = expiry.length === 0 ? ["KEEPTTL"] : expiry;
    return yield* wait<boolean>(
      this.send(op, ["COMPAREANDSET", name, next, "EXPECT", held, ...when], flag, signal),
    );
  }

  /**
   * Goes through everything under the handle's prefix, or what matches: each key with its type, its value in bytes and its
   * deadline, to be kept or to be given to `load`. An entry is consistent in itself; what changes meanwhile may come as it
   * was or as it is, and twice. With `{ as: "json" }` the entries can be written as JSON.
   *
   * @example
   * await other.load(kv.entries({ match: "user:*" }));
   */
  entries(given?: EntryOptions & Own): Sequence<M, Entry>;
  /** The same, in a form that JSON can express. */
  entries(given: EntryOptions & { readonly as: "json" }): Sequence<M, JsonEntry>;
  entries(given?: unknown): unknown {
    const together = (calls: readonly Call[]) => this.together(calls);
    return this.walk(
      (cursor) => this.finish(entryPage((search) => this.scan(cursor, search), together, given)),
      (page) => page.entries,
    );
  }

  /**
   * Writes entries that `entries` gave, of this or another store, over what has their keys, and gives how many. Deadlines
   * are moments and stay what they are: what has expired meanwhile is left out. Each entry is written as a whole: all but strings
   * that do not expire under a spare name of up to 12 bytes first, for which a bounded store needs room.
   *
   * Errors: `invalid-argument` for what is no entry; whatever writing gives. Entries travel up to a hundred together: those
   * that were on their way before the error have been written.
   */
  load(entries: Source<M, Loadable>): Ret<M, number> {
    return this.finish(load((calls) => this.together(calls), entries, arguments.length));
  }
}
