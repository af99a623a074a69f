// What the package offers. Loading it does nothing: no clock, no randomness, no wasm until a store is opened.

export type { Integer, Pairs, Value } from "./arguments.js";
export type { Pipeline, PipelineMode, Results, Transaction, TransactionMode } from "./batch.js";
export { type ConnectOptions, connect } from "./connect.js";
export { KvError, type KvErrorCode, type KvErrorDetails } from "./errors.js";
export type { Duration, Exclusive, Expiry, Moment, NewExpiry } from "./expiry.js";
export type { Capabilities, Stats } from "./handle.js";
export { MemoryStore } from "./memory-store.js";
export type { Async, Mode, Ret, Sequence, Sync } from "./mode.js";
export type { AsBytes, AsText, MatchOptions } from "./operations/commands.js";
export type { ExpireCondition, RangeOptions, ScanOptions, ValueType } from "./operations/keyspace.js";
export type { LposOptions, Side } from "./operations/lists.js";
export type { SetAlways, SetIf } from "./operations/strings.js";
export type { Operations } from "./operations.js";
export type { EntryPage, KeyPage, MemberPage } from "./replies.js";
export { Store } from "./store.js";
