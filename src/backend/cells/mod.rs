// The cells family: every operation over a store that can load, commit and list entries. This file is the contract with
// such a store; it must not know any store, nor any single operation.

//! A [`Backend`](crate::backend::Backend) over any store of entries: [`Cells`] over a [`CellStore`].
//!
//! A command's entries are loaded, the same [`Engine`](crate::engine::Engine) that is the memory store runs the command
//! on them, and what has changed is committed if nobody has changed it meanwhile; otherwise all of it again. So a store
//! is five functions, and has every operation with the engine's own semantics on its first day. Where all of that runs
//! inside an open transaction ([`CellStore::is_exclusive`]), nothing is compared or tried again.
//!
//! What other programs see: a string's bytes as they are, a collection as JSON (`["a", "b"]`, `{"field": "value"}`,
//! `{"base64": "..."}` for what is not UTF-8), its type, deadline and version beside it.
//!
//! Commands on keys, and transactions, are atomic where the store is. Those on the keyspace (`keys`, `range`, `count`,
//! `delete-range`, `flush`, `stats`) go page by page: other writes may come in between two pages, unless the store is the
//! inside of a transaction.

mod backend;
mod codec;
mod database;
mod keyspace;
mod run;
mod span;
pub mod sql;

pub use backend::{Cells, Pause};
pub use database::{Database, Field, Row, SqlCells, Statement};
pub use span::Span;

use crate::backend::{BoxFuture, Capabilities};
use crate::command::{Bytes, Key, ValueType};
use crate::error::Result;
use crate::host::MaybeSend;

/// An entry as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its bytes.
    pub value: Bytes,
    /// How they are to be read.
    pub kind: ValueType,
    /// When it expires, in milliseconds since 1970. From that moment on it is as missing.
    pub deadline: Option<u64>,
    /// A number that no other state of this key has or will ever have, even after the key was deleted and made again. A
    /// store without versions says 0, and that it is not atomic.
    pub version: u64,
}

/// What a listing tells of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its key.
    pub key: Key,
    /// As [`Cell::kind`].
    pub kind: ValueType,
    /// As [`Cell::deadline`].
    pub deadline: Option<u64>,
    /// As [`Cell::version`].
    pub version: u64,
}

/// Entries, and when it was in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// One for each key that was asked for, in that order.
    pub cells: Vec<Option<Cell>>,
    /// The store's own time, in milliseconds since 1970, if it has a clock.
    pub now_ms: Option<u64>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In byte order of their keys, or backwards.
    pub heads: Vec<Head>,
    /// What the next page is asked for with, in the store's own words and never empty; nothing: this was the last.
    pub next: Option<String>,
    /// As [`Loaded::now_ms`].
    pub now_ms: Option<u64>,
}

/// What is to happen to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// It holds this from now on, whatever it held.
    Put {
        /// The key.
        key: Key,
        /// As [`Cell::value`].
        value: Bytes,
        /// As [`Cell::kind`].
        kind: ValueType,
        /// As [`Cell::deadline`]; always to come.
        deadline: Option<u64>,
    },
    /// It is there no more. It may not have been there.
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
    /// The keys that must still have the version they were loaded with; nothing: that must still be missing. None for a
    /// store that is not atomic.
    pub checks: Vec<(Key, Option<u64>)>,
    /// No key comes twice.
    pub writes: Vec<Write>,
    /// The time, in milliseconds since 1970. The store may remove what has expired.
    pub now_ms: u64,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it has happened.
    Committed,
    /// A check did not hold: nothing has happened.
    Conflict,
}

/// A store of entries.
///
/// A failure whose commit may have happened is marked [`maybe_applied`](crate::Error::maybe_applied); it is not repeated.
pub trait CellStore: MaybeSend {
    /// The store's one name: its file, its feature, its URL scheme.
    fn name(&self) -> &'static str;

    /// The entries of these keys, all as they were at one moment where the store is atomic. Those that have expired may be
    /// among them. No key comes twice; no keys at all asks for the time alone.
    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>>;

    /// Writes if the checks hold. A value is no longer than `capabilities` says.
    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>>;

    /// Up to `limit` entries of the span, from its beginning or from where an earlier page said (`Listing::next`, of a
    /// span that differs by nothing). A page may be shorter than `limit` and still not the last; a store that cannot walk
    /// backwards may give all of a reversed span at once. Those that have expired may be among them.
    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>>;

    /// What the store promises. One that is not `atomic` takes no checks.
    fn capabilities(&self) -> Capabilities;

    /// Whether loads and listings tell the store's own time. Then every command asks for it, also one that needs no entry.
    fn has_clock(&self) -> bool {
        false
    }

    /// Whether nobody else can change anything while one of [`Cells`]' futures runs to its end: the store is the inside of an
    /// open transaction, and its functions never wait. Then commits need no checks, and nothing is tried again.
    fn is_exclusive(&self) -> bool {
        false
    }

    /// Gives up what the store holds open; called when its last handle is closed.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
