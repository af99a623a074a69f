// The trait of everything that answers commands, and what a store reports about itself. Backends get full keys, checked
// by the scope; they do not know prefixes or default TTLs.

//! What a [`Store`](crate::Store) uses: the [`Backend`] trait and the backends.

#[cfg(feature = "cells")]
pub mod cells;
#[cfg(feature = "cloudflare-kv")]
pub mod cloudflare_kv;
#[cfg(feature = "net")]
pub mod cluster;
#[cfg(feature = "d1")]
pub mod d1;
#[cfg(feature = "durable-object")]
pub mod durable_object;
#[cfg(feature = "indexeddb")]
pub mod indexeddb;
#[cfg(feature = "memcached")]
pub mod memcached;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "net")]
pub mod redis;
#[cfg(feature = "net")]
pub mod resp;
#[cfg(feature = "net")]
mod retry;
#[cfg(feature = "rqlite")]
pub mod rqlite;
#[cfg(feature = "net")]
mod slot;
#[cfg(all(feature = "sqlite", any(feature = "net", not(target_arch = "wasm32"))))]
pub mod sqlite;
#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
pub mod tcp;
#[cfg(feature = "net")]
pub mod upstash;
#[cfg(feature = "net")]
pub mod wire;

pub use memory::Memory;

use crate::command::{Bytes, Command, Key, Reply};
use crate::error::Result;
pub use crate::host::BoxFuture;
use crate::host::MaybeSend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key and the string it must still hold for a transaction to run; `None` means that the key must be missing.
pub type Check = (Key, Option<Bytes>);

/// One handle's access to a store.
///
/// Commands arrive checked and with full keys. An implementation maps its own failures to [`Error`](crate::Error); the
/// handle above adds the operation and the backend's [`name`](Backend::name).
pub trait Backend: MaybeSend {
    /// The backend's name: also its file, its feature and its URL scheme.
    fn name(&self) -> &'static str;

    /// Runs one command.
    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>>;

    /// Runs commands in one round trip, in order, each with its own result; other clients' commands may run in between.
    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>>;

    /// Runs commands isolated from all others. If a command fails, the effects of the others remain. If a check fails,
    /// nothing runs: `conflict`.
    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>>;

    /// Counts the keys that begin with the prefix, and reports what is known about the whole store.
    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>>;

    /// What this backend guarantees.
    fn capabilities(&self) -> Capabilities;

    /// Completes when something has changed after this call that watchers, workers or callers who wait for a lock may be
    /// waiting for; it may also complete at other times. `None` if the store cannot tell, so that they have to ask again
    /// after a while.
    #[cfg(not(target_arch = "wasm32"))]
    fn changed(&self) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// Starts to watch for changes of records, by whomever; closing the handle ends it. `None` if the store cannot tell of
    /// every change, so that watchers have to ask again after a while.
    fn watch(&self) -> Option<Arc<dyn Watch>> {
        None
    }

    /// Creates another handle on the same store, with its own hits and misses. Closing either leaves the other open.
    ///
    /// # Errors
    ///
    /// `closed` if this handle is closed.
    fn another(&self) -> Result<Arc<dyn Backend>>;

    /// Closes the handle.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}

/// Tells of changes of records until it is dropped.
pub trait Watch: MaybeSend {
    /// Completes when there may have been a change after this call, or the handle has been closed.
    fn changed(&self) -> BoxFuture<'static, ()>;
}

/// What a store reports about itself. `None` means unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Keys under the handle's prefix.
    pub keys: u64,
    /// Keys among them that have a deadline.
    pub expiring_keys: u64,
    /// Reads through this handle that found their key.
    pub hits: Option<u64>,
    /// Reads through this handle that did not find their key.
    pub misses: Option<u64>,
    /// Bytes the whole store uses.
    pub bytes: Option<u64>,
    /// Entries that the whole store has evicted to make room.
    pub evicted: Option<u64>,
    /// The server's own information, unparsed: `redis_version`, `used_memory_human`.
    pub server: BTreeMap<String, String>,
}

/// What a store guarantees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Whether each command, and each transaction, is atomic.
    pub atomic: bool,
    /// Whether ranges come from an ordered index, not from scanning and sorting.
    pub ordered: bool,
    /// Whether `count` and `stats` are exact.
    pub exact_counts: bool,
    /// The shortest time to live, in milliseconds.
    pub ttl_minimum_ms: u64,
    /// The longest key, in bytes of UTF-8 including the prefix.
    pub max_key_bytes: u64,
    /// The longest value in bytes.
    pub max_value_bytes: u64,
    /// Whether the store has records, and everything built on them: changes, consumers, locks and tasks.
    pub records: bool,
    /// `strong`: a read sees every earlier write. `eventual`: it may not see it yet.
    pub consistency: &'static str,
}

/// Whether others may wait for what the command does: watchers, workers, and those who wait for a lock. Not a command
/// with which they look: two who wait would wake each other for ever.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn wakes(command: &Command) -> bool {
    matches!(
        command,
        Command::RecordsPut { .. }
            | Command::RecordsPatch { .. }
            | Command::RecordsDelete { .. }
            | Command::RecordsDeletePrefix { .. }
            | Command::RecordsDeleteRange { .. }
            | Command::RecordsRestore { .. }
            | Command::RecordsMutate { .. }
            | Command::ConsumersRelease { .. }
            | Command::LocksRelease { .. }
            | Command::TasksCreate { .. }
            | Command::TasksRequeue { .. }
            | Command::TasksRestore { .. }
            | Command::Flush { .. }
    )
}

/// The error of a store that has no records.
#[cfg(feature = "cells")]
pub(crate) fn no_records() -> crate::error::Error {
    let message = "needs a store that has records, locks and tasks: memory:, sqlite:, rqlite://, d1:, postgres://, \
                   indexeddb:, durable-object:, redis:// or upstash://";
    crate::error::Error::new(crate::error::Kind::Unsupported, message)
}
