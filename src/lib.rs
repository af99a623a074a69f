//! One key-value API with Redis's semantics: strings, lists, hashes and sets with expiry. The same API runs in
//! browsers, in Node, in WebAssembly components and in Rust.
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
//! [`MemoryStore`] is synchronous. [`Store`] is asynchronous and opens any URL: to change the backend, change the URL,
//! not the code. Both have the same operations, as methods of five traits in the [`prelude`]: [`Keyspace`],
//! [`Strings`], [`Lists`], [`Hashes`], [`Sets`]. [`Pipeline`] and [`Transaction`] have them too: they collect
//! operations first and run them together.
//!
//! # Modules
//!
//! Imports only go down this table: a module uses those below it.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`operations`] | the typed API, with one documented method per operation |
//! | [`value`], [`reply`] | conversions from Rust types to bytes, and from replies to Rust types |
//! | `worker` | a Cloudflare Worker in Rust: its bindings, its network, the inside of Durable Objects (feature `worker`) |
//! | `gateway` | serves Upstash's REST protocol to existing clients, over any store (feature `gateway`) |
//! | [`backend`] | what a [`Store`] can use |
//! | `cells` (feature `cells`) | a backend over any store that loads, commits and lists entries |
//! | [`engine`] | the implementation of every operation: pure, no clock, no I/O |
//! | [`dialect`] | the language of Redis servers and clients: answers, errors, JSON |
//! | [`host`] | the host's clock, randomness and network |
//! | [`command`] | commands and replies as data, and their words: the table of commands, [`Command`](command::Command) and [`Reply`](command::Reply) |
//! | [`error`] | the one error type |
#![warn(missing_docs)]
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync, reason = "wasm has one thread"))]

pub mod backend;
mod batch;
mod binding;
#[cfg(feature = "cells")]
pub mod cells;
/// Commands and replies: what a store can be asked, and what it answers.
pub mod command;
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
mod registry;
pub mod reply;
mod scans;
mod scope;
mod store;
pub mod value;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;

pub use backend::{Capabilities, Stats};
pub use batch::{Pipeline, Replies, Slot, Transaction};
pub use command::{Ending, ExpireCondition, Expiry, Position, Side, TaskStatus, ValueType};
pub use engine::Eviction;
pub use error::{Error, Kind, Result};
pub use operations::{
    Action, Change, ChangeOptions, ConsumerStatus, Documents, Hashes, Keyspace, ListOptions, Lists, Lock,
    LposOptions, MatchOptions, Mutation, NewTask, PutOptions, RangeOptions, Record, Run, ScanOptions,
    SetOptions, Sets, Strings, Task, TaskOptions, Window,
};
pub use options::Options;
#[cfg(feature = "net")]
pub use options::{Binding, Remote};
pub use reply::Page;
pub use scans::{ScanIter, Scans};
pub use store::{MemoryStore, Store};
pub use value::{Json, Missing};

/// The traits whose methods are the operations, and the scan iterators: `use omnikv::prelude::*`.
pub mod prelude {
    pub use crate::operations::{Documents, Hashes, Keyspace, Lists, Sets, Strings};
    pub use crate::scans::Scans;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
