// What the package offers. Loading it does nothing: no clock, no randomness, no wasm until a store is opened.

export type { Integer, Pairs, Several, Value } from "./arguments.js";
export type { Pipeline, PipelineMode, Results, Transaction, TransactionMode } from "./batch.js";
export type { Binding, KvBinding, ObjectBinding } from "./bindings.js";
export type { Fetch } from "./net-host.js";
export type { NetworkOptions } from "./remote.js";
export type { Cancellable } from "./signals.js";
export { type ConnectOptions, connect, type SerializedOptions, type StoreOptions } from "./connect.js";
export type { Eviction } from "./core.js";
export type { Entry, EntryOptions, JsonBytes, JsonEntry, Loadable } from "./entries.js";
export { connectFromEnv, type Environment, type FromEnvironment } from "./environment.js";
export { KvError, type KvErrorCode, type KvErrorDetails } from "./errors.js";
export type { Duration, Exclusive, Expiry, Moment, NewExpiry } from "./expiry.js";
export { configureGlobalStore, getGlobalStore, type GlobalOptions } from "./global-store.js";
export type { Capabilities, Stats } from "./handle.js";
export { MemoryStore } from "./memory-store.js";
export type { Async, In, Input, Mode, Out, Ret, Sequence, Source, Sync } from "./mode.js";
export type { As, MatchOptions, Own, Raw, RawForm } from "./operations/commands.js";
export type { ExpireCondition, RangeOptions, ScanOptions, ValueType } from "./operations/keyspace.js";
export type { LposOptions, Side } from "./operations/lists.js";
export type { SetAlways, SetIf } from "./operations/strings.js";
export type { Operations } from "./operations.js";
export type { Read, UpdateOptions, Work } from "./patterns.js";
export type { EntryPage, KeyPage, MemberPage } from "./replies.js";
/** @internal */
export { gateBefore } from "./remote.js";
export type { Serializer } from "./serializer.js";
export { Store } from "./store.js";
export {
  createMemoryStores,
  createStores,
  type MemoryStoreOf,
  type MemoryStores,
  type ServiceConfig,
  type StoreConfig,
  type StoreOf,
  type Stores,
  type StoresConfig,
} from "./stores.js";
