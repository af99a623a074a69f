// The typed API, written once for every kind of handle: a method names its command and the type of its reply. It must
// not know any store.

//! Every operation, as provided methods on whatever can run a command.
//!
//! Each family of operations is a trait: [`Keyspace`], [`Strings`], [`Lists`], [`Hashes`], [`Sets`], [`SortedSets`],
//! [`Geo`], [`Bitmaps`], [`HyperLogLogs`]; [`Documents`] leads to records, changes, consumers, locks and tasks. All of them exist for
//! everything that is [`Run`], and give what it gives: `Result<T>` on a [`MemoryStore`](crate::MemoryStore), a future of
//! it on a [`Store`](crate::Store), a [`Slot<T>`](crate::Slot) on a [`Pipeline`](crate::Pipeline) and a
//! [`Transaction`](crate::Transaction). `use omnikv::prelude::*` brings them into scope.
//!
//! # Types of what is read
//!
//! `get`, `hgetall` and `range` read text; `get_as`, `hgetall_as` and `range_as` read any type. Every other method that reads values
//! takes its type from where they go (`let names: Vec<String> = kv.lrange("queue", 0, -1)?`) or from a turbofish
//! (`kv.lpop::<String>("queue")?`). The types are those of [`FromValue`](crate::value::FromValue), [`Json`](crate::Json) among them.
//!
//! # Errors of every operation
//!
//! Each operation's own errors are named beside it. Besides, each can fail with
//!
//! * `invalid-argument` for an empty key or another malformed argument,
//! * `too-large` for a key or value beyond the limits,
//! * `wrong-type` when the key holds another type of value (but not those of [`Keyspace`], which take every type),
//! * `invalid-value` when what is read does not fit the type that was asked for,
//! * `out-of-memory` when it writes,
//! * `closed` once the handle is closed.
//!
//! Nothing has changed then, except that a value which does not fit the type is gone if the operation removes it.

mod bitmaps;
mod changes;
mod consumers;
mod geo;
mod hashes;
mod hyperloglogs;
mod keyspace;
mod lists;
mod locks;
mod options;
pub(crate) mod records;
mod rows;
mod sets;
mod strings;
pub(crate) mod tasks;
mod zset_options;
mod zsets;

pub use crate::command::Action;
pub use bitmaps::Bitmaps;
pub use changes::{Change, ChangeOptions, Changes};
pub use consumers::{ConsumerStatus, Consumers};
pub use geo::{Geo, GeoSearch, GeoaddOptions};
pub use hashes::Hashes;
pub use hyperloglogs::HyperLogLogs;
pub use keyspace::Keyspace;
pub use lists::Lists;
pub use locks::{Lock, Locks};
pub use options::{LposOptions, MatchOptions, RangeOptions, ScanOptions, SetOptions};
pub use records::{ListOptions, Mutation, PutOptions, Record, Records, RecordsOf, Window};
pub use sets::Sets;
pub use strings::Strings;
pub use tasks::{NewTask, Task, TaskOptions, Tasks};
pub use zset_options::{ZRange, ZaddOptions, ZcombineOptions};
pub use zsets::SortedSets;

use crate::command::{Bytes, Command, Reply};
use crate::error::Result;
use crate::reply::FromReply;
use crate::value::IntoValue;

/// Something that runs commands, or gathers them to be run later.
///
/// The typed operations need no more than this.
pub trait Run {
    /// What comes of a command whose reply is a `T`: a result, a future of it, a slot for it.
    type Output<T>;

    /// Runs the command and reads its reply so. A command that could not be built is an error of its own.
    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Self::Output<T>;

    /// Runs the command and reads its reply as the type says.
    fn run<T: FromReply>(&self, command: Result<Command>) -> Self::Output<T> {
        self.read(command, T::from_reply)
    }
}

/// Records and what is built on them: each family has its methods on a value of its own.
pub trait Documents: Run {
    /// JSON documents, each with a version.
    fn records(&self) -> Records<'_, Self> {
        Records(self)
    }

    /// The stream of changes of records.
    fn changes(&self) -> Changes<'_, Self> {
        Changes(self)
    }

    /// Who reads that stream, and how far they have come.
    fn consumers(&self) -> Consumers<'_, Self> {
        Consumers(self)
    }

    /// Locks with fencing tokens.
    fn locks(&self) -> Locks<'_, Self> {
        Locks(self)
    }

    /// Work that waits for its time, and for a worker.
    fn tasks(&self) -> Tasks<'_, Self> {
        Tasks(self)
    }
}

impl<R: Run + ?Sized> Documents for R {}

/// Builds a command from arguments that may be refused, in the name of the operation.
fn building(op: &'static str, build: impl FnOnce() -> Result<Command>) -> Result<Command> {
    build().map_err(|error| error.in_op(op))
}

/// The bytes of pairs of a key (or field) and a value.
fn pairs<K, V: IntoValue, L>(
    pairs: impl IntoIterator<Item = (K, V)>,
    name: impl Fn(K) -> Result<L>,
) -> Result<Vec<(L, Bytes)>> {
    pairs.into_iter().map(|(key, value)| Ok((name(key)?, value.into_value()?))).collect()
}
