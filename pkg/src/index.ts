// The package's exports. Loading it has no effect: no clock, no randomness, no wasm until a store is opened.

export type { Integer, Pairs, Several, Value } from "./values/arguments.js";
export type {
  ExecOptions,
  Pipeline,
  PipelineMode,
  Results,
  Transaction,
  TransactionMode,
} from "./api/batch.js";
export type { Binding, D1Binding, KvBinding, ObjectBinding } from "./values/bindings.js";
export type { Fetch } from "./net/net-host.js";
export type { CacheMode, NetworkOptions, TlsOptions } from "./api/remote.js";
export type { Cancellable } from "./base/signals.js";
export {
  type BigInts,
  type ConnectOptions,
  connect,
  open,
  type SerializedOptions,
  type StoreOptions,
} from "./api/connect.js";
export { type AnyStore, type CopyOptions, type CopyProgress, copyStore } from "./api/copy.js";
export type { Eviction } from "./wire/connection.js";
export type { Entry, EntryOptions, JsonBytes, JsonEntry, Loadable } from "./api/entries.js";
export { connectFromEnv, type Environment, type FromEnvironment } from "./api/environment.js";
export { KvError, type KvErrorCode, type KvErrorDetails } from "./base/errors.js";
export type { Duration, Exclusive, Expiry, Moment, NewExpiry } from "./values/expiry.js";
export { configureGlobalStore, getGlobalStore, type GlobalOptions } from "./api/global-store.js";
export type { Capabilities, RangePages, Stats, TimedEntry } from "./api/handle.js";
export { MemoryStore } from "./api/memory-store.js";
export type { Async, In, Input, Int, Mode, Out, Ret, Sequence, Source, Sync } from "./values/mode.js";
export type { As, MatchOptions, Own, Raw, RawForm } from "./operations/commands.js";
export type {
  BitFieldOffset,
  BitFieldOperation,
  BitFieldType,
  BitOperation,
  BitUnit,
} from "./operations/bitmaps.js";
export type {
  ExpireCondition,
  KeysOnly,
  RangeOptions,
  ScanOptions,
  ValueType,
} from "./operations/keyspace.js";
export type {
  Coordinates,
  FoundPlace,
  GeoaddOptions,
  GeoDetails,
  GeoMember,
  GeosearchOptions,
  LengthUnit,
  SearchArea,
  SearchOrigin,
} from "./operations/geo.js";
export type { LmpopOptions, LposOptions, Side } from "./operations/lists.js";
export type { SetAlways, SetIf } from "./operations/strings.js";
export type {
  CombineOptions,
  LexBound,
  ScoreBound,
  ScoredMember,
  ScoredMembers,
  ZaddOptions,
  ZmpopOptions,
  ZrangeOptions,
} from "./operations/zsets.js";
export type { ChangeOptions, Changes } from "./operations/changes.js";
export type { CommitOptions, Consumers } from "./operations/consumers.js";
export type { Locks } from "./operations/locks.js";
export type {
  ListOptions,
  Mutation,
  Patch,
  PutOptions,
  Records,
  TypedRecords,
  Window,
} from "./operations/records.js";
export type { NewTask, ReleaseOptions, TaskOptions, Tasks } from "./operations/tasks.js";
export type {
  Change,
  ConsumerStatus,
  DocumentRecord,
  Lock,
  RecordHead,
  Task,
  TaskStatus,
} from "./values/rows.js";
export type { Operations } from "./operations/all.js";
export type { Read, MakeOptions, UpdateOptions, Work } from "./api/patterns.js";
export type { EntryPage, KeyPage, MemberPage, ScoredPage } from "./wire/replies.js";
/** @internal */
export { gateBefore } from "./api/remote.js";
export type { Serializer } from "./values/serializer.js";
export { Store } from "./api/store.js";
export type { WatchOptions } from "./api/watch.js";
export type { Held, LockOptions } from "./api/with-lock.js";
export { echo, log } from "./api/handlers.js";
export type { Consumer, ConsumerOptions } from "./api/consumer.js";
export type { Schedule, ScheduleOptions } from "./api/schedule.js";
export type { Handler, Report, Scheduled, Worker, WorkerOptions } from "./api/worker.js";
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
} from "./api/stores.js";
export { escapeGlob } from "./values/arguments.js";
