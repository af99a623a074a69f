// Reads a store page by page for a copy: the number of the last change, plain keys, records, tasks, consumers. What is
// written where does not matter here.

import { failed } from "../base/errors.js";
import { READ } from "./entries.js";
import type { Capabilities } from "./handle.js";
import type { ValueType } from "../operations/keyspace.js";
import { asPositions } from "../values/rows.js";
import type { Call, Connection } from "../wire/connection.js";
import { count, type Decoder, keyColumn, many, text, want } from "../wire/replies.js";
import { type Argument, type Reader, Tag } from "../wire/wire.js";

/** A store to read, `page` keys at a time. */
export interface Source {
  readonly core: Connection;
  readonly can: Capabilities;
  readonly page: number;
  readonly signal?: AbortSignal | undefined;
}

/** A plain key: its type, its value as bytes, and when it expires. */
export interface PlainKey {
  readonly key: string;
  readonly type: ValueType;
  readonly value:
    Uint8Array | readonly Uint8Array[] | readonly (readonly [Uint8Array, Uint8Array | number])[];
  /** In milliseconds since 1970; negative: never. */
  readonly expireAt: number;
}

/** The fields of a record or a task as the store tells them, in the core's order (values/rows.ts). JSON stays text. */
export type Fields = readonly (string | null)[];

/** How far a consumer is, and the number of the store's last change. */
export interface Position {
  readonly name: string;
  readonly position: number;
  readonly latest: number;
}

/** A page of things of one kind. */
export type Items =
  | { readonly latest: number }
  | { readonly keys: readonly PlainKey[] }
  | { readonly records: readonly Fields[] }
  | { readonly tasks: readonly Fields[] }
  | { readonly consumers: readonly Position[] };

/** The operation that errors name. */
export const OP = "copyStore";

const RECORD = 8;
const TASK = 17;

/** Rows of so many fields. */
const rows =
  (width: number): Decoder<Fields[]> =>
  (reply: Reader) => {
    want(reply, Tag.List);
    return many(reply.count() / width, () => many(width, () => reply.text()));
  };

/** Records in the order of their keys; no fields for one that is missing. */
export const asRecords = rows(RECORD);

/** Runs one command. */
export const run = async <V>(
  { core, signal }: Pick<Source, "core" | "signal">,
  command: Argument[],
  decode: Decoder<V>,
): Promise<V> => core.call(OP, command, decode, signal);

/** How many keys and records there are now. */
export async function totalOf(source: Source): Promise<number> {
  const keys = await run(source, ["COUNT", ""], count);
  return source.can.records ? keys + (await run(source, ["RECORDS.COUNT"], count)) : keys;
}

/** Everything, page by page. A page may be empty. */
export async function* pagesOf(source: Source): AsyncGenerator<Items> {
  const { can, page } = source;
  const latestOf = () => run(source, ["CHANGES.LATEST"], count);
  if (can.records) {
    const latest = await latestOf();
    if (latest > 0) yield { latest };
  }
  const limit = String(page);
  if (can.ordered) {
    let after: string[] = [];
    for (let found = page; found === page;) {
      const keys = await run(source, ["RANGE", "", "LIMIT", limit, ...after, "NOVALUES"], keyColumn);
      found = keys.length;
      after = ["AFTER", keys[found - 1] ?? ""];
      yield { keys: await readKeys(source, keys) };
    }
  } else {
    let cursor = "0";
    do {
      const found = await run(source, ["SCAN", cursor, "COUNT", limit], text.keyPage);
      ({ cursor } = found);
      yield { keys: await readKeys(source, found.keys) };
    } while (cursor !== "0");
  }
  if (!can.records) return;

  let after: string[] = [];
  for (let found = page; found === page;) {
    const records = await run(source, ["RECORDS.LIST", ...after, "LIMIT", limit], asRecords);
    found = records.length;
    after = ["AFTER", records[found - 1]?.[0] ?? ""];
    yield { records };
  }
  for (let offset = 0, found = page; found === page; offset += found) {
    const tasks = await run(source, ["TASKS.LIST", "OFFSET", String(offset), "LIMIT", limit], rows(TASK));
    found = tasks.length;
    yield { tasks };
  }
  // A consumer that is at this number has seen whatever of the records was read.
  const latest = await latestOf();
  const positions = await run(source, ["CONSUMERS.LIST"], asPositions);
  yield { consumers: positions.map(([name, position]) => ({ name, position, latest })) };
}

/** Whether a transaction over many keys has failed on this connection. */
const apart = new WeakSet<Connection>();

/** Reads keys with all they hold. Keys that are missing are left out. */
export async function readKeys(
  source: Pick<Source, "core" | "signal">,
  keys: readonly string[],
): Promise<PlainKey[]> {
  const found: PlainKey[] = [];
  for (let left = keys; left.length > 0;) {
    const types = left.map((key) => ({ op: OP, command: ["TYPE", key], decode: text.value }));
    const chosen = (await all(source, types)).flatMap((type, index) =>
      type === "none" ? [] : [[left[index] as string, type as ValueType] as const],
    );
    const answers = await together(source, chosen.flatMap(reading));
    const changed: string[] = [];
    for (const [index, [key, type]] of chosen.entries()) {
      const [now, expireAt, value] = answers.slice(3 * index, 3 * index + 3);
      // It has changed its type meanwhile: once more.
      if (now !== type) changed.push(key);
      else if (value instanceof Error) throw value;
      else if (value !== null && (type === "string" || (value as unknown[]).length > 0)) {
        found.push({ key, type, value, expireAt } as PlainKey);
      }
    }
    left = changed;
  }
  return found;
}

function reading([key, type]: readonly [key: string, type: ValueType]): Call[] {
  // Other programs may have types that are not here.
  if (!(type in READ)) {
    throw failed(OP, "unsupported", `cannot move keys of type ${String(type)}: give a prefix without them`);
  }
  const [decode, word, ...rest] = READ[type];
  return [
    { op: OP, command: ["TYPE", key], decode: text.value },
    { op: OP, command: ["PEXPIRETIME", key], decode: count },
    { op: OP, command: [word, key, ...rest], decode },
  ];
}

/** The answers to commands that must not fail. */
async function all({ core, signal }: Pick<Source, "core" | "signal">, calls: Call[]): Promise<unknown[]> {
  if (calls.length === 0) return [];
  const answers = await core.pipeline(calls, signal);
  const wrong = answers.find((answer) => answer instanceof Error);
  if (wrong !== undefined) throw wrong as Error;
  return answers;
}

/** Runs reading commands as one transaction, where the store can. */
async function together(
  { core, signal }: Pick<Source, "core" | "signal">,
  calls: Call[],
): Promise<unknown[]> {
  if (calls.length === 0) return [];
  if (!apart.has(core)) {
    try {
      return await core.multi([], calls, signal);
    } catch (error) {
      const { code, retryable } = error as { code?: string; retryable?: boolean };
      if (retryable || code === "cancelled" || code === "closed") throw error;
      // For example keys in several slots of a cluster.
      apart.add(core);
    }
  }
  return core.pipeline(calls, signal);
}
