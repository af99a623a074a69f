//! One key-value API with Redis's semantics: strings, lists, hashes, sets, sorted sets and places with expiry. The same API runs in
//! browsers, in Node, in WebAssembly components and in Rust.
//!
//! # Two handles
//!
//! [`MemoryStore`] is a store in this process: synchronous, and there at once.
//!
//! ```
//! use omnikv::{MemoryStore, prelude::*};
//! use std::time::Duration;
//!
//! let kv = MemoryStore::new();
//! kv.set_with("user:1", "Alice", Duration::from_secs(60))?;
//! assert_eq!(kv.get("user:1")?.as_deref(), Some("Alice"));
//! assert_eq!(kv.ttl("user:1")?, 60);
//!
//! kv.incr("views")?;
//! kv.rpush("queue", ["a", "b"])?;
//! kv.hset("user:1:profile", "city", "Oslo")?;
//! let queue: Vec<String> = kv.lrange("queue", 0, -1)?;
//! assert_eq!(queue, ["a", "b"]);
//! # Ok::<(), omnikv::Error>(())
//! ```
//!
//! [`Store`] opens any URL, and is asynchronous: the program changes the URL, not the code.
//!
//! ```
//! # pollster::block_on(async {
//! use omnikv::{Options, Store, prelude::*};
//!
//! // With feature `redis`: "redis://localhost:6379".
//! let kv = Store::connect("memory:", Options::new().prefix("myapp")).await?;
//! kv.incr("views").await?;
//! assert_eq!(kv.get("views").await?.as_deref(), Some("1"));
//! # Ok::<(), omnikv::Error>(())
//! # }).unwrap();
//! ```
//!
//! Both have the same operations, as methods of traits that the [`prelude`] brings: [`Keyspace`], [`Strings`], [`Lists`],
//! [`Hashes`], [`Sets`], [`SortedSets`], [`Bitmaps`], [`HyperLogLogs`] and others in [`operations`]. So have [`Pipeline`] and [`Transaction`], which gather operations first and
//! run them together. [`Options`] says how to open a store.
//!
//! # Records, and what is built on them
//!
//! [`Documents`] leads to JSON documents with versions, the stream of their changes, locks and tasks. On a [`Store`], native
//! programs can [`watch`](operations::Changes::watch) changes, read them as a [consumer](Store::consumer), work
//! [under a lock](operations::Locks::with_lock), and run [workers](operations::Tasks::worker) for tasks, on any executor.
//!
//! # Features
//!
//! None is on by default: a store in memory needs none. Features only add.
//!
//! | feature | adds |
//! | --- | --- |
//! | `redis` | Redis servers, clusters and Sentinels over TCP and TLS: `redis://`, `rediss://`, `redis+cluster://`, `redis+sentinel://` |
//! | `http` | Upstash's REST protocol: `upstash://`, `https://`; with `cloudflare-kv`, Cloudflare's REST API |
//! | `rqlite` | rqlite clusters: `rqlite://`, `rqlites://`; over HTTP, which is the feature `http` |
//! | `sqlite` | a file, shared with other processes: `sqlite:path` |
//! | `postgres` | PostgreSQL over TCP and TLS: `postgres://`, `postgresql://` |
//! | `memcached` | strings in a memcached server: `memcached://` |
//! | `indexeddb` | what a browser's IndexedDB means to a store: for bindings that make its requests |
//! | `cloudflare-kv` | Cloudflare KV: `cloudflare-kv://ACCOUNT/NAMESPACE` |
//! | `d1` | a store in Cloudflare's D1, for Workers |
//! | `durable-object` | a store in Cloudflare's Durable Objects, for Workers |
//! | `worker` | Cloudflare Workers written in Rust: their bindings, network and clock |
//! | `gateway` | Upstash's REST protocol and Redis's own for other people's clients, over any store |
//! | `cron` | tasks at the times of a cron expression: `kv.tasks().schedule(name, "*/5 * * * *")` |
//! | `cells` | every operation over a store of your own that loads, commits and lists entries: [`backend`]`::cells` |
//! | `net` | stores elsewhere over a network that you bring: [`host`]`::Network` |
//!
//! # Modules
//!
//! | module | what it is |
//! | --- | --- |
//! | [`operations`] | the typed API, one documented method an operation |
//! | [`value`], [`reply`] | Rust's types to bytes, and replies to Rust's types |
//! | `worker` | a Cloudflare Worker in Rust: its bindings, its network, the inside of its Durable Objects |
//! | `gateway` | Upstash's REST protocol for other people's clients |
//! | `session` | Redis's protocol for other people's clients |
//! | `copy` | moves everything from one store to another; with feature `cells`, `net` or any store elsewhere |
//! | [`backend`] | what can stand behind a [`Store`] |
//! | [`engine`] | every operation's one definition: pure, no clock, no I/O |
//! | [`dialect`] | what Redis's servers and clients say: answers, errors, JSON |
//! | [`host`] | what the place we run in lends: a clock, randomness, a network |
//! | [`command`] | the vocabulary and its words: the table of commands, [`Command`](command::Command) and [`Reply`](command::Reply), plain data |
//! | [`error`] | the one error type |
#![warn(missing_docs)]
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync, reason = "wasm has one thread"))]

mod angles;
pub mod backend;
mod batch;
/// The vocabulary: what a store can be asked, and what it answers.
pub mod command;
#[cfg(any(feature = "net", all(feature = "cells", not(target_arch = "wasm32"))))]
pub mod copy;
pub mod dialect;
/// The in-memory engine: the implementation of every operation.
pub mod engine;
mod environment;
/// Errors and their kinds.
pub mod error;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod host;
mod integer;
mod location;
pub mod operations;
mod options;
#[cfg(not(target_arch = "wasm32"))]
mod records;
mod registry;
pub mod reply;
mod scans;
mod scope;
mod score;
#[cfg(feature = "gateway")]
pub mod session;
mod store;
pub mod value;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;

pub use backend::{Capabilities, Stats};
pub use batch::{Pipeline, Replies, Slot, Transaction};
pub use command::{
    Aggregate, Area, BitField, BitFieldOperation, BitOperation, BitOverflow, BitRange, BitUnit, Coordinates,
    Ending, ExpireCondition, Expiry, Extreme, Origin, Position, ScoreCondition, Side, SortOrder, TaskStatus,
    Unit, ValueType,
};
pub use engine::Eviction;
#[doc(hidden)]
pub use environment::named_by;
pub use error::{Error, Kind, Result};
pub use operations::{
    Action, Bitmaps, Change, ChangeOptions, ConsumerStatus, Documents, Geo, GeoSearch, GeoaddOptions, Hashes,
    HyperLogLogs, Keyspace, ListOptions, Lists, Lock, LposOptions, MatchOptions, Mutation, NewTask,
    PutOptions, RangeOptions, Record, Run, ScanOptions, SetOptions, Sets, SortedSets, Strings, Task,
    TaskOptions, Window, ZRange, ZaddOptions, ZcombineOptions,
};
pub use options::Options;
#[cfg(feature = "net")]
pub use options::{Binding, Remote};
#[cfg(all(feature = "cron", not(target_arch = "wasm32")))]
pub use records::Schedule;
#[cfg(not(target_arch = "wasm32"))]
pub use records::{
    BoxError, CommitMode, Consumer, ConsumerOptions, Feed, Held, Report, Stop, Worker, WorkerSummary,
    handlers,
};
pub use reply::{Found, Page};
pub use scans::{ScanIter, Scans};
#[doc(hidden)]
pub use store::direct;
pub use store::{MemoryStore, Store};
pub use value::{Json, Missing};

/// The traits whose methods are the operations, and the scan iterators: `use omnikv::prelude::*`.
pub mod prelude {
    pub use crate::operations::{
        Bitmaps, Documents, Geo, Hashes, HyperLogLogs, Keyspace, Lists, Sets, SortedSets, Strings,
    };
    pub use crate::scans::Scans;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../www/records.md")]
struct RecordsPage;
