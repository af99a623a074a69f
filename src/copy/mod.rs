// Moves data between stores: what is moved, and the loop over pages. Reading is in read.rs, writing in write.rs, the form
// in JSON in line.rs. It only uses operations, so it works between any two stores.

//! Moves data from one store to another of any kind: [`copy_store`]. [`Export`] and [`Import`] are its halves, for files
//! of [lines](Item::to_line).
//!
//! What is moved: plain keys of every type with their bytes and deadlines; records with their versions, moments, types and
//! deadlines; tasks in their states; and consumers. Later changes, stamps and tokens of the target have greater numbers
//! than the source's last change.
//!
//! What starts anew: each record that is written is one change of the target, a creation with a new stamp, so the earlier
//! changes stay behind. A consumer that has read everything in the source goes on behind the copied records; one that has
//! not reads all of them. A task that a worker has stays locked for it until the lock ends, under a new token. Locks stay
//! behind.
//!
//! Memory: one page of entries, [`Options::page`] keys with their values.

mod line;
mod read;
mod write;

pub use read::{Export, entries};
pub use write::Import;

use crate::command::Bytes;
use crate::error::Result;
use crate::host::MaybeSend;
use crate::operations::{Record, Task};
use crate::store::Store;
use serde_json::value::RawValue;

/// A plain key with all it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, without the handle's prefix.
    pub key: String,
    /// When it expires, in milliseconds since 1970.
    pub expire_at: Option<u64>,
    /// Its value.
    pub content: Content,
}

/// The value of a plain key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A string.
    String(Bytes),
    /// The elements of a list, in order.
    List(Vec<Bytes>),
    /// The fields of a hash, each with its value.
    Hash(Vec<(Bytes, Bytes)>),
    /// The members of a set.
    Set(Vec<Bytes>),
    /// The members of a sorted set in their order, each with its score.
    SortedSet(Vec<(Bytes, f64)>),
}

/// Something to move.
#[derive(Clone, Debug)]
pub enum Item {
    /// A plain key.
    Entry(Entry),
    /// A record.
    Record(Record<Box<RawValue>>),
    /// A task.
    Task(Box<Task>),
    /// A consumer of changes. It comes after the records.
    Consumer(Position),
    /// The seq of the last change. It comes before the records.
    Latest(u64),
}

/// How far a consumer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The consumer's name.
    pub name: String,
    /// The last committed seq.
    pub position: u64,
    /// The seq of the store's last change.
    pub latest: u64,
}

impl Item {
    /// The item's key, a task's ID or a consumer's name; empty for [`Latest`](Item::Latest).
    pub fn key(&self) -> &str {
        match self {
            Item::Entry(entry) => &entry.key,
            Item::Record(record) => &record.key,
            Item::Task(task) => &task.id,
            Item::Consumer(consumer) => &consumer.name,
            Item::Latest(_) => "",
        }
    }
}

/// What happens to what the target already holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Equal content stays, so that an interrupted copy can be repeated; other content is a `conflict`, and nothing is
    /// overwritten.
    #[default]
    Refuse,
    /// It stays.
    Keep,
    /// It is replaced.
    Replace,
}

/// How to move.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What happens to what the target already holds.
    pub existing: Existing,
    /// How many keys are read and written at once. Default: 100.
    pub page: u64,
    /// Whether to only compare: counts what would be written, and writes nothing.
    pub dry_run: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { existing: Existing::default(), page: 100, dry_run: false }
    }
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Plain keys that were written.
    pub keys: u64,
    /// Records that were written.
    pub records: u64,
    /// Tasks that were written.
    pub tasks: u64,
    /// Positions of consumers that were written.
    pub consumers: u64,
    /// What the target held already, and was left.
    pub kept: u64,
    /// How many items the source held at the beginning; nothing if it was not counted.
    pub total: Option<u64>,
}

impl Progress {
    /// All that is done with, written or not.
    pub fn done(&self) -> u64 {
        self.keys + self.records + self.tasks + self.consumers + self.kept
    }
}

/// Copies the keys, records, tasks and consumers of `from` to `to`, page by page. Calls `progress` after each page.
/// Prefixes are the handles' own: keys travel without them.
///
/// Nobody should write into either store meanwhile: what changes in the source may be missed, and a consumer may pass over
/// what others write into the target.
///
/// It can be stopped at any moment by dropping the future: every entry is there as a whole or not at all. To resume,
/// call it again.
///
/// ```
/// # pollster::block_on(async {
/// use omnikv::{Options, Store, copy, prelude::*};
///
/// let from = Store::connect("memory:", Options::new()).await?;
/// let to = Store::connect("memory:", Options::new().prefix("saved")).await?;
/// from.rpush("queue", ["a", "b"]).await?;
///
/// let copied = copy::copy_store(&from, &to, copy::Options::default(), |_| {}).await?;
/// assert_eq!(copied.keys, 1);
/// assert_eq!(to.lrange::<String>("queue", 0, -1).await?, ["a", "b"]);
/// # Ok::<(), omnikv::Error>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// `conflict` if the target holds something else under a key, unless the options say what to do then; `unsupported` if
/// it cannot hold what the source does. What was written before stays.
pub async fn copy_store(
    from: &Store,
    to: &Store,
    options: Options,
    progress: impl Fn(&Progress) + MaybeSend,
) -> Result<Progress> {
    let mut export = Export::of(from, options.page);
    let mut import = Import::to(to, options);
    import.expect(export.total().await?);
    progress(import.progress());
    while let Some(items) = export.next().await? {
        import.write(items).await?;
        progress(import.progress());
    }
    Ok(*import.progress())
}
