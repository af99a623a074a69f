// A consumer of the stream of changes: reads it from the position that the store keeps, while it holds the consumer. For
// stores of either mode. How positions and claims are stored does not matter here.

import { failed, invalidArgument } from "../base/errors.js";
import { iterate } from "../base/iterate.js";
import { keep, untilFree } from "../base/keep.js";
import { unguessable } from "../base/seeds.js";
import { signalOf, throwIfAborted } from "../base/signals.js";
import type { Changes } from "../operations/changes.js";
import type { Consumers } from "../operations/consumers.js";
import { integer, key, settings, size, text, word } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";
import type { Change, ConsumerStatus } from "../values/rows.js";
import type { Connection } from "../wire/connection.js";
import { Waits } from "./waits.js";

/** Options of a consumer. */
export interface ConsumerOptions {
  /** Only changes of records of this type. */
  readonly type?: string | undefined;
  /** Only changes of records whose keys start with this text. */
  readonly prefix?: string | undefined;
  /** The most changes in a batch. Default: 100. */
  readonly limit?: number | undefined;
  /**
   * When an iteration commits its position: `"batch"` (default) after each batch, `"each"` after each change, `"none"`
   * never, which leaves it to `commit`. It commits when the loop asks for what comes next: what the loop did not finish,
   * because it threw or was left, is read again.
   */
  readonly commit?: "batch" | "each" | "none" | undefined;
  /**
   * How long a claim lasts. An iteration extends it; if this process ends, another takes over after this time. Default:
   * 30 seconds.
   */
  readonly lockDuration?: Duration | undefined;
  /** Shown in `status` as who holds the consumer, with a random part behind it. */
  readonly id?: string | undefined;
  /** Ends an iteration, and cancels `get`. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES = ["type", "prefix", "limit", "commit", "lockDuration", "id", "signal"] as const;

/** What a consumer needs of a store. */
interface Source {
  readonly changes: Changes<Mode>;
  readonly consumers: Consumers<Mode>;
  readonly core: Connection;
}

/**
 * A named reader of the stream of changes, made by `kv.consumer`. The store keeps its position, the last change that is
 * done. One at a time holds a consumer, however many processes use its name; each change is read at least once.
 */
export class Consumer<T = unknown, I = Change<T>[]> implements AsyncIterable<I> {
  /** The name. */
  readonly name: string;
  readonly #store: Source;
  readonly #which: { readonly type?: string; readonly prefix?: string; readonly limit: number };
  readonly #mode: string;
  readonly #lastingMs: number;
  readonly #owner: string;
  readonly #signal: AbortSignal | undefined;
  #token: number | null = null;
  /** The last change that was handed out; 0 if none was. */
  #read = 0;
  #isIterating = false;

  /** @internal */
  constructor(store: Source, name: string, given: unknown) {
    const op = "consumer";
    const told = settings<ConsumerOptions>(op, given, NAMES);
    const { type, prefix, id } = told;
    this.name = key(op, "name", name);
    this.#store = store;
    this.#which = {
      ...(type === undefined ? {} : { type: text(op, "type", type) }),
      ...(prefix === undefined ? {} : { prefix: text(op, "prefix", prefix) }),
      limit: Math.max(size(op, "limit", told.limit ?? 100), 1),
    };
    this.#mode = word(op, "commit", told.commit ?? "batch", ["batch", "each", "none"]);
    this.#lastingMs = Math.max(milliseconds(op, "lockDuration", told.lockDuration ?? 30), 1);
    this.#owner = `${id === undefined ? "" : `${text(op, "id", id)}-`}${String(unguessable())}`;
    this.#signal = signalOf(op, told.signal);
  }

  /**
   * Claims the consumer and returns the next batch after its position: `[]` if there are no more changes. The same batch
   * comes again until it is committed. The claim lasts for `lockDuration` from here on, or until `unlock`.
   *
   * Errors: `conflict` if another holds the consumer.
   */
  async get(): Promise<Change<T>[]> {
    const op = "consumer.get";
    throwIfAborted(op, this.#signal);
    this.#refuseIterating(op);
    this.#token = await this.#claim();
    if (this.#token === null) throw failed(op, "conflict", "cannot read: another holds the consumer");
    const { position } = await this.status();
    const { found, latest } = await this.#next(position + 1);
    this.#read = found.length < this.#which.limit ? latest : lastOf(found);
    return found;
  }

  /**
   * Commits the position: changes up to this seq are done. Default: the last change of what was last returned by `get`
   * or by an iteration.
   *
   * Errors: `conflict` if another holds the consumer, or has held it since the claim; `invalid-argument` if the seq is
   * beyond the latest change. Nothing has changed then.
   */
  async commit(seq?: number): Promise<void> {
    const op = "consumer.commit";
    if (seq !== undefined) integer(op, "seq", seq);
    else if (this.#read === 0) throw invalidArgument(op, "(seq) is missing: nothing has been read yet");
    const token = this.#token;
    await this.#store.consumers.commit(this.name, seq ?? this.#read, token === null ? {} : { token });
  }

  /** Returns the consumer's position, the last change of the store, the lag between them, and the holder. */
  async status(): Promise<ConsumerStatus> {
    return (await this.#store.consumers.status(this.name)) as ConsumerStatus;
  }

  /** Deletes the position, so that the consumer starts from the first change. Returns whether there was one. */
  async delete(): Promise<boolean> {
    return (await this.#store.consumers.delete(this.name)) as boolean;
  }

  /** Releases the claim of `get`. Returns whether the consumer was held. */
  async unlock(): Promise<boolean> {
    this.#token = null;
    return (await this.#store.consumers.release(this.name, this.#owner)) as boolean;
  }

  /**
   * Iterates over batches of changes after the position; over single changes with `commit: "each"`. Waits while another
   * holds the consumer, and for changes to come. Holds the consumer until the iteration ends: by leaving the loop, by
   * an error, or by the signal.
   *
   * Errors: `conflict` if the claim was lost, because this process did not extend it in time.
   */
  [Symbol.asyncIterator](): AsyncGenerator<I, void, undefined> {
    return iterate(this.#signal, (end) => this.#iterate(end));
  }

  async *#iterate(end: AbortController): AsyncGenerator<I, void, undefined> {
    this.#refuseIterating("consumer");
    this.#isIterating = true;
    const { signal } = end;
    let stop: (() => Promise<void>) | undefined;
    let loss: Error | undefined;
    try {
      for (let tries = 0; ; tries++) {
        if (signal.aborted) return;
        this.#token = await this.#claim();
        if (this.#token !== null) break;
        await untilFree(tries, signal);
      }
      const token = this.#token;
      // A new token means a new hold: another may have held the consumer in between.
      stop = keep(
        this.#lastingMs,
        async () => (await this.#claim()) === token,
        () => {
          loss = failed("consumer", "conflict", "has lost the consumer: another may hold it now");
          end.abort();
        },
      );
      for await (const item of this.#items(signal)) {
        yield item;
        if (loss !== undefined) break;
      }
      if (loss !== undefined) throw loss;
    } finally {
      // An extension under way would claim the consumer again after its release.
      await stop?.();
      // If it fails, the claim expires by itself.
      await this.unlock().catch(() => {});
      this.#isIterating = false;
    }
  }

  /** What an iteration gives, while this holds the consumer. */
  async *#items(signal: AbortSignal): AsyncGenerator<I, void, undefined> {
    const isCommitting = this.#mode !== "none";
    let { position } = await this.status();
    const waits = new Waits(this.#store.core);
    try {
      for (let next = position + 1; !signal.aborted; next = this.#read + 1) {
        waits.look();
        const { found, latest } = await this.#next(next);
        if (found.length === 0) {
          this.#read = latest;
          // No change up to there was meant for this consumer. Otherwise it would look at them again, and seem to lag.
          if (isCommitting && latest > position) await this.commit((position = latest));
          await waits.untilChanged(signal);
          continue;
        }
        const items = this.#mode === "each" ? found : [found];
        for (const item of items) {
          if (signal.aborted) return;
          this.#read = lastOf([item].flat());
          yield item as I;
          if (isCommitting) await this.commit((position = this.#read));
        }
      }
    } finally {
      waits.end();
    }
  }

  /** Changes from a seq on, and a seq up to which there are no others. */
  async #next(from: number): Promise<{ found: Change<T>[]; latest: number }> {
    // In this order: what is written in between is found, or comes later.
    const latest = (await this.#store.changes.latest()) as number;
    const found = (await this.#store.changes.read({ ...this.#which, from })) as Change<T>[];
    return { found, latest: Math.max(latest, from - 1, lastOf(found)) };
  }

  async #claim(): Promise<number | null> {
    const { consumers } = this.#store;
    return (await consumers.claim(this.name, this.#owner, `${this.#lastingMs}ms`)) as number | null;
  }

  #refuseIterating(op: string): void {
    if (this.#isIterating) throw failed(op, "conflict", "cannot read: this consumer is being iterated over");
  }
}

const lastOf = (changes: readonly Change[]): number => changes.at(-1)?.seq ?? 0;
