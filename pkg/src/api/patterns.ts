// Common combinations of operations as one call: create a missing value, change an existing one, copy entries between
// stores. Written once for both modes, using only operations.

import { arity, callable, integer, key, options } from "../values/arguments.js";
import type { Call } from "../wire/connection.js";
import { type Entry, type EntryOptions, entryPage, type JsonEntry, load, type Loadable } from "./entries.js";
import { failed, invalidArgument } from "../base/errors.js";
import { type Duration, EXPIRY, type Expiry, expiryWords, notNegative } from "../values/expiry.js";
import type { Making } from "./flights.js";
import type { In, Mode, Out, Ret, Sequence, Source } from "../values/mode.js";
import type { As, Own, Raw, RawForm } from "../operations/commands.js";
import { Operations } from "../operations/all.js";
import { bytes, flag, okOrNull } from "../wire/replies.js";
import { formOf, read } from "../values/serializer.js";
import { throwIfAborted, untilAborted } from "../base/signals.js";
import { type Steps, wait } from "../base/steps.js";
import type { Argument } from "../wire/wire.js";

/** What a caller's function returns: a value or, in an asynchronous store, possibly a promise of one. */
export type Work<M extends Mode, V> = V | Ret<M, V>;

/** The type of a read after a `V` has been written: the store's type of values, if it is known. */
export type Read<M extends Mode, V> = unknown extends Out<M> ? V : Out<M>;

/** When an updated value expires, and how many attempts to make. By default the deadline is kept. */
export type UpdateOptions = Expiry & {
  /** The most attempts when others change the key meanwhile. Default: 32. */
  readonly tries?: number | undefined;
};

/** When a value that is made expires, and how long to wait for one that another caller makes. */
export type MakeOptions = Expiry & {
  /** How long to wait at most for what another caller is making: a minute when left out. */
  readonly wait?: Duration | undefined;
};

/** How long to wait for what another caller is making, in milliseconds. */
const LONGEST_WAIT = 60_000;

/** The longest random pause before another try of an update, in milliseconds. */
const LONGEST_PAUSE = 64;

/** Stores with these combinations. */
export abstract class Patterns<M extends Mode> extends Operations<M> {
  /** Runs work in steps, and returns its result in this store's mode. */
  protected abstract finish<V>(steps: Steps<V>): Ret<M, V>;

  /** The same for a key, but those who come while it is under way share it, and wait so long at most. */
  protected abstract once<V>(
    op: string,
    name: string,
    longestMs: number,
    steps: (making: Making) => Steps<V>,
  ): Ret<M, V>;

  /** Waits. */
  protected abstract pause(ms: number): Ret<M, void>;

  /** Runs commands as a transaction. */
  protected abstract together(calls: readonly Call[]): Ret<M, unknown[]>;

  /** Iterates over the pages of a scan, from cursor `"0"` until it is returned again. */
  protected abstract walk<P extends { cursor: string }, T>(
    page: (cursor: string) => Ret<M, P>,
    items: (page: P) => readonly T[],
  ): Sequence<M, T>;

  /**
   * The value of a key; when it does not exist, what `make` gives, written with the options about time that `set` takes.
   * `make` runs once, however many callers of this handle, and of those by `withPrefix` on the same connection, wait for the
   * key: all get its value, or its error, and after an error nothing is written. The first caller's options about time count.
   * What others have written meanwhile is kept and given; a `del` meanwhile is not seen.
   *
   * `make` must not wait for itself, by asking for the same key or for another whose `make` asks for it: such a call is refused
   * with the names of the keys. Where the platform has no `AsyncLocalStorage` (browsers, Workers without `nodejs_compat`), only
   * what `make` asks before its first `await` is known to be its asking; there `wait` ends what waits for itself.
   *
   * Errors: those of `make`, `get` and `set`; `invalid-argument` when `make` gives `undefined`, or would wait for itself;
   * `timeout` when another caller has not made the value within `wait`.
   *
   * @example
   * const user = await kv.getOrSet("user:1", () => database.user(1), { ttl: "5m" });
   */
  getOrSet<V extends In<M>>(
    key: string,
    make: () => Work<M, V>,
    options?: MakeOptions & Own,
  ): Ret<M, Read<M, V>>;
  /** The same, with the value as it is stored. */
  getOrSet<F extends RawForm>(
    key: string,
    make: () => Work<M, In<M>>,
    options: MakeOptions & As<F>,
  ): Ret<M, Raw<F>>;
  getOrSet(name: unknown, make: unknown, given?: unknown): unknown {
    return this.finish(this.#getOrSet(arguments.length, name, make, given));
  }

  *#getOrSet(got: number, name: unknown, make: unknown, given: unknown): Steps<unknown> {
    const op = "getOrSet";
    arity(op, got, 2, 3);
    const known = [...EXPIRY, "wait", "as"] as const;
    const chosen = options<Record<(typeof known)[number], unknown>>(op, given, known);
    const named = key(op, "key", name);
    const maker = callable<() => unknown>(op, "make", make);
    const expiry = expiryWords(op, chosen);
    formOf(this.codec, op, chosen.as);
    const { signal } = chosen;
    throwIfAborted(op, signal);
    const longest = chosen.wait === undefined ? LONGEST_WAIT : notNegative(op, "wait", chosen.wait);
    const made = this.once(op, named, longest, (making) => this.#make(named, maker, making, expiry));
    // Each caller reads for itself: what one does to the value is not seen by another. So does each give up for itself.
    const isAwaited = signal !== undefined && made instanceof Promise;
    const stored = yield* wait<Argument>(isAwaited ? untilAborted(op, made, signal) : made);
    return read(this.codec, op, stored, chosen.as);
  }

  *#make(name: string, make: () => unknown, making: Making, expiry: readonly string[]): Steps<Argument> {
    const op = "getOrSet";
    const held = yield* wait<Uint8Array | null>(this.send(op, ["GET", name], bytes.valueOrNull));
    if (held !== null) return held;
    const made = this.codec.encode(op, "value", yield* wait(making(make)));
    const command = ["SET", name, made, ...expiry, "NX", "GET"];
    return (yield* wait<Uint8Array | null>(this.send(op, command, bytes.valueOrNull))) ?? made;
  }

  /**
   * Changes the key's value. Calls `change` with the value (`null` if the key does not exist) and writes the result if
   * the key has not changed meanwhile; otherwise it starts over. Returns the new value.
   *
   * If `change` returns `undefined`, nothing is changed and the current value is returned; if it returns `null`, the
   * key is removed. The deadline is kept unless the options say otherwise; a new key gets the `defaultTtl`, as with
   * `set`.
   *
   * Errors: those of `change`, `get` and `set`, with nothing changed; `conflict` if others changed the key during every
   * attempt.
   *
   * @example
   * await kv.update("cart:1", (cart) => ({ ...cart, items: [...(cart?.items ?? []), item] }));
   */
  update<V extends Out<M> = Out<M>>(
    key: string,
    change: (current: V | null) => Work<M, In<M> | null | undefined>,
    options?: UpdateOptions & Own,
  ): Ret<M, V | null>;
  /** The same, with the value as stored. */
  update<F extends RawForm>(
    key: string,
    change: (current: Raw<F> | null) => Work<M, In<M> | null | undefined>,
    options: UpdateOptions & As<F>,
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
      // Decode again: `change` may have modified the value it was given.
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
   * Iterates over all entries under the handle's prefix, or those that match: each key with its type, its value as
   * bytes and its deadline, for a backup or for `load`. Each entry is consistent; entries that change meanwhile may be
   * old or new, and may occur twice. With `{ as: "json" }` the entries can be written as JSON. Records are not among
   * them: `records.list({ after, limit })` reads those in pages.
   *
   * @example
   * await other.load(kv.entries({ match: "user:*" }));
   */
  entries(options?: EntryOptions & Own): Sequence<M, Entry>;
  /** The same, in a form that JSON can represent. */
  entries(options: EntryOptions & { readonly as: "json" }): Sequence<M, JsonEntry>;
  entries(given?: unknown): unknown {
    const together = (calls: readonly Call[]) => this.together(calls);
    return this.walk(
      (cursor) => this.finish(entryPage((search) => this.scan(cursor, search), together, given)),
      (page) => page.entries,
    );
  }

  /**
   * Writes entries from `entries` of this or another store, replacing existing keys, and returns how many. Deadlines
   * are absolute; entries that have expired meanwhile are skipped. Each entry is written as a whole: everything except
   * strings without a deadline is first written under a temporary name of up to 12 bytes, which needs room in a bounded
   * store.
   *
   * Errors: `invalid-argument` for an invalid entry; any error of writing. Up to a hundred entries are sent together:
   * those sent before the error have been written.
   */
  load(entries: Source<M, Loadable>): Ret<M, number> {
    return this.finish(load((calls) => this.together(calls), entries, arguments.length));
  }
}
