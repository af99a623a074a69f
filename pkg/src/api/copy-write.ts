// Writes what a copy has read into a store, each thing as a whole or not at all.

import { failed, KvError } from "../base/errors.js";
import type { Capabilities } from "./handle.js";
import {
  asRecords,
  type Fields,
  type Items,
  OP,
  type PlainKey,
  type Position,
  readKeys,
  run,
} from "./copy-read.js";
import { asPositions } from "../values/rows.js";
import type { Call, Connection } from "../wire/connection.js";
import { count, counts, type Decoder, many, ok, okOrNull, want } from "../wire/replies.js";
import { type Argument, type Reader, Tag } from "../wire/wire.js";

/** What happens to what the target already holds. */
export type Existing = "refuse" | "keep" | "replace";

/** A store to write into, and how. */
export interface Place {
  readonly core: Connection;
  readonly can: Capabilities;
  readonly existing: Existing;
  /** Whether nothing is written. */
  readonly isDry: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Wakes those who wait for changes of the store. */
  readonly announce: () => void;
}

/** How many elements, fields or members one command carries. */
const MOST_WORDS = 10_000;

/** Some stores keep seconds: deadlines this close, in milliseconds, are the same. */
const CLOSE = 1_000;

/** A task's ID and name, or nothing. */
const asOwn: Decoder<Fields | null> = (reply: Reader) => {
  if (reply.peek() === Tag.Nil) {
    reply.tag();
    return null;
  }
  want(reply, Tag.List);
  return many(reply.count(), () => reply.text());
};

/** Writes pages of things. */
export class Target {
  readonly counts = { keys: 0, records: 0, tasks: 0, consumers: 0, kept: 0 };
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Writes a page. Throws `conflict` as `existing` says; others of the page may have been written. */
  async write(items: Items): Promise<void> {
    const { can, isDry, announce } = this.#place;
    if ("latest" in items) {
      if (!isDry && can.records) await this.#run(["CHANGES.ADVANCE", String(items.latest)], ok);
      return;
    }
    if ("keys" in items) return this.#writeKeys(items.keys);
    if ("records" in items) await this.#writeRecords(items.records);
    else if ("tasks" in items) await this.#writeTasks(items.tasks);
    else await this.#writeConsumers(items.consumers);
    announce();
  }

  #run<V>(command: Argument[], decode: Decoder<V>): Promise<V> {
    return run(this.#place, command, decode);
  }

  /** Whether something stays that the target holds already; `isSame` says whether it is equal. */
  #stays(what: string, key: string, isSame: () => boolean): boolean {
    if (this.#place.existing === "replace") return false;
    if (this.#place.existing === "refuse" && !isSame()) throw conflict(what, key);
    this.counts.kept++;
    return true;
  }

  async #writeKeys(keys: readonly PlainKey[]): Promise<void> {
    const { isDry } = this.#place;
    const written = isDry ? new Set<PlainKey>() : await this.#tryKeys(keys);
    // What was not written is there already, or nothing was tried.
    const open = keys.filter((key) => !written.has(key));
    const held = await readKeys(
      this.#place,
      open.map(({ key }) => key),
    );
    this.counts.keys += written.size;
    const byKey = new Map(held.map((other) => [other.key, other]));
    for (const key of open) {
      const other = byKey.get(key.key);
      if (other === undefined || !this.#stays("key", key.key, () => areSame(key, other))) this.counts.keys++;
    }
  }

  /** Writes keys; nothing in the place of one that the target holds, unless it is to be replaced. Returns the written ones. */
  async #tryKeys(keys: readonly PlainKey[]): Promise<Set<PlainKey>> {
    const { core, signal, existing } = this.#place;
    const written = new Set<PlainKey>();
    const strings = keys.filter(({ type }) => type === "string");
    if (strings.length > 0) {
      const calls = strings.map(({ key, value, expireAt }): Call => {
        const command = ["SET", key, value as Uint8Array, ...(existing === "replace" ? [] : ["NX"])];
        command.push(...(expireAt < 0 ? ["PERSIST"] : ["PXAT", String(expireAt)]));
        return { op: OP, command, decode: okOrNull };
      });
      for (const [index, answer] of (await core.pipeline(calls, signal)).entries()) {
        if (answer instanceof Error) throw answer;
        if (answer === "OK") written.add(strings[index] as PlainKey);
      }
    }
    const others = keys.filter(({ type }) => type !== "string");
    await Promise.all(others.map(async (key) => (await this.#writeCollection(key)) && written.add(key)));
    return written;
  }

  /** Writes what is no string as one transaction. Returns whether it was written. */
  async #writeCollection({ key, type, value, expireAt }: PlainKey): Promise<boolean> {
    const { core, signal, existing } = this.#place;
    const replaces = existing === "replace";
    const calls: Call[] = replaces ? [{ op: OP, command: ["DEL", key], decode: count }] : [];
    const word = { list: "RPUSH", set: "SADD", hash: "HSET", zset: "ZADD", string: "" }[type];
    const items = value as readonly (Uint8Array | readonly [Uint8Array, Uint8Array | number])[];
    for (let first = 0; first < items.length; first += MOST_WORDS) {
      const words = items.slice(first, first + MOST_WORDS).flatMap(wordsOf);
      calls.push({ op: OP, command: [word, key, ...words], decode: count });
    }
    if (expireAt >= 0) calls.push({ op: OP, command: ["PEXPIREAT", key, String(expireAt)], decode: count });
    try {
      const answers = await core.multi(replaces ? [] : [{ key, expected: null }], calls, signal);
      const wrong = answers.find((answer) => answer instanceof Error);
      if (wrong !== undefined) throw wrong as Error;
      return true;
    } catch (error) {
      if (!replaces && error instanceof KvError && error.code === "conflict") return false;
      throw error;
    }
  }

  async #writeRecords(records: readonly Fields[]): Promise<void> {
    const { isDry, existing } = this.#place;
    if (records.length === 0) return;
    const keys = records.map(([key]) => key as string);
    const held = await this.#run(["RECORDS.GET-MANY", ...keys], asRecords);
    const mutations: Argument[][] = [];
    let written = 0;
    for (const [index, record] of records.entries()) {
      const [key, , , , , , expiresAt] = record as readonly string[];
      const other = held[index] as Fields;
      if (other[0] !== null) {
        // Value, type and deadline are the same; versions and moments may differ.
        const isSame = () => [3, 6, 7].every((at) => record[at] === other[at]);
        if (this.#stays("record", key as string, isSame)) continue;
      }
      if (other[0] !== null && existing === "replace") mutations.push(["RECORDS.DELETE", key as string]);
      mutations.push(restoring(record, expiresAt));
      written++;
    }
    if (written > 0 && !isDry) {
      const words = mutations.flatMap((mutation) => [String(mutation.length), ...mutation]);
      await this.#run(["RECORDS.MUTATE", ...words], counts);
    }
    this.counts.records += written;
  }

  async #writeTasks(tasks: readonly Fields[]): Promise<void> {
    const { core, signal, existing, isDry } = this.#place;
    if (tasks.length === 0) return;
    const asked = tasks.map(([id]): Call => ({
      op: OP,
      command: ["TASKS.GET", id as string],
      decode: asOwn,
    }));
    const held = await core.pipeline(asked, signal);
    const open: Fields[] = [];
    for (const [index, task] of tasks.entries()) {
      const own = held[index];
      if (own instanceof Error) throw own;
      if (own === null) open.push(task);
      // A task that the target has is its own: it may have been worked on.
      else if ((own as Fields)[1] === task[1] || existing === "keep") this.counts.kept++;
      else throw conflict("task", task[0] as string);
    }
    const restored = open.map((task): Call => ({ op: OP, command: restoringTask(task), decode: asOwn }));
    const answers = isDry || open.length === 0 ? open : await core.pipeline(restored, signal);
    for (const [index, answer] of answers.entries()) {
      if (!(answer instanceof Error)) this.counts.tasks++;
      else if (!(answer instanceof KvError) || answer.code !== "conflict") throw answer;
      // Another task has its unique text.
      else if (existing === "keep") this.counts.kept++;
      else throw conflict("task", open[index]?.[0] as string);
    }
  }

  /** Behind all records for a consumer that had read everything, otherwise before them. */
  async #writeConsumers(consumers: readonly Position[]): Promise<void> {
    const { existing, isDry } = this.#place;
    if (consumers.length === 0) return;
    const latest = await this.#run(["CHANGES.LATEST"], count);
    const known = new Set((await this.#run(["CONSUMERS.LIST"], asPositions)).map(([name]) => name));
    for (const { name, position, latest: ofSource } of consumers) {
      if (known.has(name) && existing !== "replace") {
        this.counts.kept++;
        continue;
      }
      const seq = position >= ofSource ? latest : Math.min(position, latest);
      if (!isDry) await this.#run(["CONSUMERS.COMMIT", name, String(seq)], ok);
      this.counts.consumers++;
    }
  }
}

/** The words of an element, a member, a field and its value, or a member and its score. */
function wordsOf(item: Uint8Array | readonly [Uint8Array, Uint8Array | number]): Argument[] {
  if (item instanceof Uint8Array) return [item];
  const [first, second] = item;
  if (typeof second !== "number") return [first, second];
  const score = Number.isFinite(second) ? String(second) : second > 0 ? "inf" : "-inf";
  return [Object.is(second, -0) ? "-0" : score, first];
}

const option = (word: string, value: string | null | undefined) => (value == null ? [] : [word, value]);

function restoring(record: Fields, expiresAt: string | null | undefined): Argument[] {
  const [key, version, , type, created, updated, , value] = record as readonly string[];
  const words = ["RECORDS.RESTORE", key, version, created, updated, value] as string[];
  return [...words, ...option("TYPE", type), ...option("PXAT", expiresAt)];
}

function restoringTask(task: Fields): Argument[] {
  const [id, name, unique, payload, status, created, due, started, ended, ...rest] = task;
  const [tries, retries, timeout, priority, error, worker, , until] = rest;
  return [
    ...(["TASKS.RESTORE", id, name, status, payload] as string[]),
    ...option("CREATED", created),
    ...option("DUE", due),
    ...option("STARTED", started),
    ...option("ENDED", ended),
    ...option("TRIES", tries),
    ...option("RETRIES", retries),
    ...option("TIMEOUT", timeout),
    ...option("UNIQUE", unique),
    ...option("PRIORITY", priority),
    ...option("ERROR", error),
    ...option("WORKER", worker),
    ...option("UNTIL", until),
  ];
}

function conflict(what: string, key: string): KvError {
  const way = "choose to keep what is there, or to replace it (existing)";
  return failed(OP, "conflict", `(to) holds another ${what} ${JSON.stringify(key)}: ${way}`);
}

/** Whether two keys hold the same, and expire at about the same time. */
function areSame(one: PlainKey, other: PlainKey): boolean {
  if (one.type !== other.type || one.expireAt < 0 !== other.expireAt < 0) return false;
  if (Math.abs(one.expireAt - other.expireAt) >= CLOSE) return false;
  if (one.type === "string") return textOf(one.value) === textOf(other.value);
  const [a, b] = [one, other].map(({ value }) => (value as readonly unknown[]).map(textOf));
  // Neither sets nor hashes have an order.
  if (one.type === "set" || one.type === "hash") for (const items of [a, b]) items?.sort();
  return a?.join(";") === b?.join(";");
}

/** A text that tells bytes, scores and pairs of them apart. */
const textOf = (item: unknown): string =>
  Array.isArray(item) ? item.map(textOf).join(":") : item instanceof Uint8Array ? item.join() : String(item);
