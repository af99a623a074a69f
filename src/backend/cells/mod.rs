// The cells family: every operation over a store that can load, commit and list entries. This file is the contract with
// such a store; it knows no particular store and no single operation.

//! A [`Backend`](crate::backend::Backend) over any store of entries: [`Cells`] over a [`CellStore`].
//!
//! A command's entries are loaded, and an in-memory [`Engine`](crate::engine::Engine) runs the command on them. The
//! changes are committed if nobody else has changed these entries meanwhile; otherwise everything is tried again. A new
//! store therefore implements five functions and has every operation, with exactly the engine's semantics. If all of
//! this runs inside an open transaction ([`CellStore::session`]), nothing is compared or retried, and commands on
//! records run there as statements. A store that cannot run code inside a transaction has records by [`RecordStore`].
//!
//! Other programs see a string's bytes unchanged and a collection as JSON (`["a", "b"]`, `{"field": "value"}`,
//! `{"base64": "..."}` for bytes that are not UTF-8), with type, deadline and version beside it. A long collection is a
//! head and parts ([`PartStore`]), if the store has them: a command then loads and writes what it touches.
//!
//! Commands on keys, and transactions, are atomic if the store is. Commands on the keyspace (`keys`, `range`, `count`,
//! `delete-range`, `flush`, `stats`) work page by page: other writes may happen between two pages, except inside a
//! transaction.

mod backend;
mod codec;
mod combiner;
mod database;
#[cfg(any(feature = "d1", feature = "rqlite"))]
pub(crate) mod failure;
mod keyspace;
mod long;
mod overlay;
mod parts;
mod records;
mod rows;
mod run;
pub mod schema;
mod span;
pub mod sql;
mod trips;
#[cfg(all(any(feature = "d1", feature = "durable-object"), target_arch = "wasm32"))]
#[doc(hidden)]
pub mod values;

pub use backend::{Cells, Pause};
pub use database::{Database, Field, Row, Session, SqlCells, Statement, batch, read_cell, read_head};
#[cfg(any(feature = "d1", feature = "rqlite"))]
pub(crate) use failure::Failure;
pub use parts::{Form, LoadedParts, NAMES, Part, PartStore, Which};
pub use rows::{
    Asked, EXPIRED_AT_ONCE, GeneratedId, LoadedRows, Query, RecordCommit, RecordStore, RecordWrite, Rows,
};
#[cfg(all(feature = "sqlite", any(feature = "net", not(target_arch = "wasm32"))))]
pub(crate) use run::at_once;
pub use span::Span;

use crate::backend::{BoxFuture, Capabilities};
use crate::command::{Bytes, Key, ValueType};
pub use crate::engine::records::{Change, Lock, Record, Space, Task};
use crate::error::Result;
use crate::host::MaybeSend;

/// An entry as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The stored bytes.
    pub value: Bytes,
    /// The type that the bytes encode.
    pub kind: ValueType,
    /// Whether the bytes are only the head of a long collection, whose elements are in parts ([`PartStore`]).
    pub is_long: bool,
    /// When the entry expires, in milliseconds since 1970. From then on it counts as missing.
    pub deadline: Option<u64>,
    /// A number that no other state of this key has or will ever have, even after the key was deleted and created
    /// again. A store without versions returns 0, and is not atomic.
    pub version: u64,
}

/// An entry in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The key.
    pub key: Key,
    /// See [`Cell::kind`].
    pub kind: ValueType,
    /// See [`Cell::deadline`].
    pub deadline: Option<u64>,
    /// See [`Cell::version`].
    pub version: u64,
}

/// Loaded entries, and the store's time when it loaded them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// One for each requested key, in the same order.
    pub cells: Vec<Option<Cell>>,
    /// The store's own time, in milliseconds since 1970, if it has a clock.
    pub now_ms: Option<u64>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In byte order of the keys, or in reverse.
    pub heads: Vec<Head>,
    /// The continuation token for the next page, in the store's own format and never empty; `None` if this was the last
    /// page.
    pub next: Option<String>,
    /// See [`Loaded::now_ms`].
    pub now_ms: Option<u64>,
}

/// A change to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets the key to this, whatever it held.
    Put {
        /// The key.
        key: Key,
        /// See [`Cell::value`].
        value: Bytes,
        /// See [`Cell::kind`].
        kind: ValueType,
        /// See [`Cell::deadline`]; always in the future.
        deadline: Option<u64>,
        /// Whether the value is all, or a head; [`Form::Whole`] for a store without [`CellStore::parts`].
        form: Form,
    },
    /// Removes the key. It may not exist.
    Delete {
        /// The key.
        key: Key,
    },
}

impl Write {
    /// The key that is written.
    pub fn key(&self) -> &Key {
        match self {
            Write::Put { key, .. } | Write::Delete { key } => key,
        }
    }
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Keys that must still have the version they were loaded with; `None` means that the key must still be missing.
    /// Empty for a store that is not atomic.
    pub checks: Vec<(Key, Option<u64>)>,
    /// No key occurs twice.
    pub writes: Vec<Write>,
    /// The current time, in milliseconds since 1970. The store may remove expired entries.
    pub now_ms: u64,
}

/// The result of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was written.
    Committed,
    /// A check failed: nothing was written.
    Conflict,
}

/// A store of entries.
///
/// If a commit fails but may have happened, mark the error [`maybe_applied`](crate::Error::maybe_applied); the commit
/// is then not repeated.
pub trait CellStore: MaybeSend {
    /// The store's name: also its file, its feature and its URL scheme.
    fn name(&self) -> &'static str;

    /// Loads the entries of these keys, as one consistent snapshot if the store is atomic. The result may include
    /// expired entries. No key occurs twice; without keys, only the time is needed.
    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>>;

    /// Writes if the checks hold. No value is longer than `capabilities` allows.
    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>>;

    /// Lists up to `limit` entries of the span, from its beginning or after an earlier page (`Listing::next` of the
    /// same span). A page may be shorter than `limit` without being the last; a store that cannot list in reverse may
    /// return a whole reversed span at once. The result may include expired entries.
    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>>;

    /// What the store guarantees. A store that is not `atomic` receives no checks.
    fn capabilities(&self) -> Capabilities;

    /// Whether loads and listings return the store's own time. If so, every command asks for it, even one that needs no
    /// entry.
    fn has_clock(&self) -> bool {
        false
    }

    /// The store's transaction, if its functions never wait and nobody else can change anything until one of [`Cells`]'
    /// futures completes. Then commits need no checks, nothing is retried, and the store has records.
    fn session(&self) -> Option<&dyn Session> {
        None
    }

    /// The store's records, if it has them but cannot run code inside a transaction.
    fn records(&self) -> Option<&dyn RecordStore> {
        None
    }

    /// The store's parts of long collections, if it can keep them. Without them each collection is one value.
    fn parts(&self) -> Option<&dyn PartStore> {
        None
    }

    /// Whether calls on one handle may share trips to the store: those that arrive while a trip is under way form the
    /// next one together. Not where a caller may do no I/O for another, as in Workers.
    fn combines(&self) -> bool {
        false
    }

    /// Releases everything that the store holds open; called when its last handle is closed.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
