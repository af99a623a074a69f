// The trait of everything that can answer commands, and what a store tells about itself. Backends get full keys,
// checked by the scope; they must not know prefixes or default TTLs.

//! What stands behind a [`Store`](crate::Store): the [`Backend`] trait and the backends.

#[cfg(feature = "cells")]
pub mod cells;
#[cfg(feature = "cloudflare-kv")]
pub mod cloudflare_kv;
#[cfg(feature = "durable-object")]
pub mod durable_object;
pub mod memory;
#[cfg(feature = "net")]
pub mod redis;
#[cfg(feature = "net")]
pub mod resp;
#[cfg(feature = "net")]
mod retry;
#[cfg(any(feature = "durable-object", all(feature = "redis", not(target_arch = "wasm32"))))]
mod slot;
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
pub mod sqlite;
#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
pub mod tcp;
#[cfg(feature = "net")]
pub mod upstash;

pub use memory::Memory;

use crate::command::{Bytes, Command, Key, Reply};
use crate::error::Result;
pub use crate::host::BoxFuture;
use crate::host::MaybeSend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key, and the string it must still hold for a transaction to run; nothing: the key must be missing.
pub type Check = (Key, Option<Bytes>);

/// One handle's way to a store.
///
/// Commands arrive checked and with their full keys. An implementation maps its own failures to
/// [`Error`](crate::Error); the handle above adds the operation's name and [`name`](Backend::name).
pub trait Backend: MaybeSend {
    /// The backend's one name: its file, its feature, its URL scheme.
    fn name(&self) -> &'static str;

    /// Runs one command.
    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>>;

    /// Runs commands in one trip, each with its own result, in order; others' commands may come in between.
    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>>;

    /// Runs commands with no other command in between. A command that fails leaves the others' effects in place.
    /// When a check does not hold nothing runs: `conflict`.
    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>>;

    /// Counts the keys that start with the prefix, and says what it knows of the whole store.
    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>>;

    /// What this backend promises.
    fn capabilities(&self) -> Capabilities;

    /// Another handle on the same store, with hits and misses of its own; closing either leaves the other open.
    ///
    /// # Errors
    ///
    /// `closed` once this handle is given up.
    fn again(&self) -> Result<Arc<dyn Backend>>;

    /// Gives the handle up.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}

/// What a store tells about itself. What it cannot tell is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Keys under the handle's prefix.
    pub keys: u64,
    /// Those of them that have a deadline.
    pub expiring_keys: u64,
    /// Reads through this handle that found their key.
    pub hits: Option<u64>,
    /// Reads through this handle that did not find their key.
    pub misses: Option<u64>,
    /// Bytes the whole store uses.
    pub bytes: Option<u64>,
    /// Entries the whole store has dropped to make room.
    pub evicted: Option<u64>,
    /// The server's own facts, unread: `redis_version`, `used_memory_human`.
    pub server: BTreeMap<String, String>,
}

/// What a store promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Whether a command, and a transaction, happens as a whole.
    pub atomic: bool,
    /// Whether ranges come from an ordered keyspace rather than from scanning and sorting.
    pub ordered: bool,
    /// Whether `count` and `stats` are exact.
    pub exact_counts: bool,
    /// The shortest time to live, in milliseconds.
    pub ttl_minimum_ms: u64,
    /// The longest key in bytes of UTF-8, prefix included.
    pub max_key_bytes: u64,
    /// The longest value in bytes.
    pub max_value_bytes: u64,
    /// Whether it has records, and what is built on them: changes, consumers, locks and tasks.
    pub records: bool,
    /// `strong`: a read sees every write that came before it. `eventual`: it may not yet.
    pub consistency: &'static str,
}

/// The error of a store that has no records.
#[cfg(any(feature = "cells", feature = "net"))]
pub(crate) fn no_records() -> crate::error::Error {
    let message =
        "needs a store that has records, locks and tasks: today those in memory have them (memory:)";
    crate::error::Error::new(crate::error::Kind::Unsupported, message)
}
