// Copies a store to another of any kind: the options, and the loop over pages. Reading is in copy-read.ts, writing in
// copy-write.ts. The rules are those of the Rust library's `copy` (src/copy), and tests/copy/cases.json holds both to them.

import { callable, checker, integer, options as optionsOf, text, word, yes } from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import { throwIfAborted } from "../base/signals.js";
import { pagesOf, type Source, totalOf } from "./copy-read.js";
import { type Existing, Target } from "./copy-write.js";
import type { Capabilities, Handle } from "./handle.js";
import type { Mode } from "../values/mode.js";

/** A store of any kind: a `MemoryStore`, or a `Store` that `connect` has opened. */
export interface AnyStore {
  /** A handle whose keys have one more prefix. */
  withPrefix(prefix: string): AnyStore;
  /** What the store can do. */
  capabilities(): Capabilities | Promise<Capabilities>;
  /** Closes the handle. */
  close(): void | Promise<void>;
}

/** How far a copy is. */
export interface CopyProgress {
  /** How many plain keys have been written. */
  readonly keys: number;
  /** How many records have been written. */
  readonly records: number;
  /** How many tasks have been written. */
  readonly tasks: number;
  /** How many positions of consumers have been written. */
  readonly consumers: number;
  /** How many things the target held already, and kept. */
  readonly kept: number;
  /** The sum of all these. */
  readonly done: number;
  /** How many keys and records the source held at the beginning. */
  readonly total: number;
}

/** Options of `copyStore`. */
export interface CopyOptions {
  /** Called with the counts before the first page and after each page. If it throws, the copy ends with that error. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /**
   * What happens to what the target already holds. `"refuse"` (default): equal content stays, so that an interrupted copy
   * can be repeated; other content is a `conflict`. `"keep"`: it stays. `"replace"`: it is overwritten.
   */
  readonly existing?: "refuse" | "keep" | "replace" | undefined;
  /** Only what is under this namespace, as `withPrefix` has it, in both stores. Default: everything that the handles see. */
  readonly prefix?: string | undefined;
  /** How many keys are read and written at a time. The copy holds so many values in memory. Default: 100. */
  readonly page?: number | undefined;
  /** Only compares: counts what would be written, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Ends the copy with `cancelled` when it is aborted. Whatever was written by then stays, and is whole. */
  readonly signal?: AbortSignal | undefined;
}

/** The most keys at a time that are asked for if nothing is said. */
const PAGE = 100;

/**
 * Copies a store to another of any kind, page by page: plain keys of every type with their bytes and deadlines, records with
 * versions, moments, types and deadlines, tasks in their states, and consumers. Returns what it did. Prefixes are the
 * handles' own: keys travel without them; serializers and default TTLs play no part.
 *
 * Each thing arrives whole or not at all, so a copy that was interrupted is resumed by calling it again. Nobody should write
 * into either store meanwhile.
 *
 * Each record that is written is one change of the target, with a number greater than all changes of the source had, and its
 * stamp is new. Earlier changes and locks stay behind. A consumer that has read everything in the source goes on behind the
 * copied records; one that has not reads all of them. A task that a worker has stays locked until that lock ends.
 *
 * Errors: `conflict` if the target holds something else under a key, a record's key or a task's ID, unless `existing` says
 * what to do then; `unsupported` if the target cannot hold what the source does.
 *
 * @example
 * const from = await connect("sqlite:data.db");
 * const to = await connect("redis://localhost:6379");
 * await copyStore(from, to, { onProgress: ({ done, total }) => console.log(done, total) });
 */
export async function copyStore(from: AnyStore, to: AnyStore, options?: CopyOptions): Promise<CopyProgress> {
  const op = "copyStore";
  const given = optionsOf<CopyOptions>(op, options, ["onProgress", "existing", "prefix", "page", "dryRun"]);
  const { signal } = given;
  const check = checker(op, given as Readonly<Record<string, unknown>>);
  const existing = check("existing", (...said) => word(...said, ["refuse", "keep", "replace"])) ?? "refuse";
  const page = Number(check("page", integer) ?? PAGE);
  if (page < 1) throw invalidArgument(op, "(page) expects at least 1");
  const isDry = check("dryRun", yes) ?? false;
  const onProgress = check("onProgress", callable<NonNullable<CopyOptions["onProgress"]>>);
  const prefix = check("prefix", text) ?? "";
  throwIfAborted(op, signal);

  const source = opened(op, "from", from, prefix);
  const target = opened(op, "to", to, prefix);
  try {
    const reading: Source = { core: source.core, can: await from.capabilities(), page, signal };
    const writing = new Target({
      core: target.core,
      can: await to.capabilities(),
      existing: existing as Existing,
      isDry,
      signal,
      announce: () => target.announce(undefined),
    });
    const total = await totalOf(reading);
    const progress = (): CopyProgress => {
      const { keys, records, tasks, consumers, kept } = writing.counts;
      return { ...writing.counts, done: keys + records + tasks + consumers + kept, total };
    };
    onProgress?.(progress());
    for await (const items of pagesOf(reading)) {
      throwIfAborted(op, signal);
      await writing.write(items);
      onProgress?.(progress());
    }
    return progress();
  } finally {
    await source.close();
    await target.close();
  }
}

/** A handle of the copy's own on a store. */
function opened(
  op: string,
  name: string,
  store: AnyStore,
  prefix: string,
): Pick<Handle<Mode>, "announce" | "close"> & Pick<Source, "core"> {
  if (typeof (store as Partial<Source> | null | undefined)?.core?.pipeline !== "function") {
    throw invalidArgument(op, `(${name}) expects a store`);
  }
  return store.withPrefix(prefix) as never;
}
