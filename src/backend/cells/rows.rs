// The contract with a store that keeps records but cannot run code inside a transaction: queries whose rows are loaded
// in one trip, and writes that are committed in another if the rows are still the same. No SQL and no semantics here.

use super::{Cell, Commit};
use crate::backend::BoxFuture;
use crate::command::{Key, TaskStatus};
use crate::engine::records::{Change, Lock, Record, Space, Task};
use crate::error::Result;
use crate::host::MaybeSend;
use std::fmt::Write as _;
use std::sync::Arc;

/// How many expired records [`Query::Expired`] returns at most.
pub const EXPIRED_AT_ONCE: u64 = 128;

/// Records, changes, locks, consumers and tasks of a store that cannot run code inside a transaction.
///
/// A run of commands first loads the rows that it reads, then commits what it wrote if these rows are still the same.
/// On a conflict it starts again.
pub trait RecordStore: MaybeSend {
    /// Loads entries and rows, as one consistent snapshot.
    fn load<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<LoadedRows>>;

    /// Writes entries and rows, all or nothing, if the checks hold. Returns the last number that was drawn from the
    /// sequence before this commit (any number if the commit draws none), or `None` on a conflict: then nothing is
    /// written.
    ///
    /// The order: the checks of `entries` and of `rows`; then [`RecordCommit::drawn`] is added to the sequence; then the
    /// writes, in their order. No reader may see the number of one change before that of an earlier change is visible.
    fn commit<'a>(
        &'a self,
        entries: &'a Commit,
        rows: &'a RecordCommit,
    ) -> BoxFuture<'a, Result<Option<u64>>>;
}

/// What to load.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The keys of entries. No key occurs twice.
    pub keys: Vec<Key>,
    /// No query occurs twice.
    pub queries: Vec<Query>,
    /// Whether [`LoadedRows::drawn`] is needed.
    pub draws: bool,
    /// The current time for the queries, in milliseconds since 1970. `None` if the store has a clock of its own
    /// ([`CellStore::has_clock`](super::CellStore::has_clock)), which it must use then.
    pub now_ms: Option<u64>,
}

/// Loaded entries and rows.
#[derive(Default)]
pub struct LoadedRows {
    /// One for each requested key, in the same order.
    pub cells: Vec<Option<Cell>>,
    /// One for each query, in the same order.
    pub rows: Vec<Rows>,
    /// The last number that was drawn from the store's sequence, if it was asked for.
    pub drawn: u64,
    /// The time the queries were answered for, if the store has a clock.
    pub now_ms: Option<u64>,
}

/// A query. Keys, names and IDs compare as bytes. A range begins with `start` and ends before `end`, or has no end. What
/// is `None` otherwise is no condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants' sentences say what their fields are")]
pub enum Query {
    /// The record with this key: [`Rows::Records`].
    Record { key: String },
    /// Records in the order of their keys: [`Rows::Records`].
    Records { start: String, end: Option<String>, kind: Option<String>, offset: u64, limit: u64 },
    /// How many records there are: [`Rows::Number`].
    CountRecords { start: String, end: Option<String>, kind: Option<String> },
    /// The first [`EXPIRED_AT_ONCE`] records whose deadline is now or earlier, by deadline and key: [`Rows::Records`].
    Expired,
    /// Changes from a number on, in their order, of records in a range: [`Rows::Changes`].
    Changes { from: u64, start: String, end: Option<String>, kind: Option<String>, limit: u64 },
    /// How many changes there are before a number: [`Rows::Number`].
    CountChanges { before: u64, start: String, end: Option<String> },
    /// The number of the last change, even if it is trimmed; 0 if there was none: [`Rows::Number`].
    Latest,
    /// A lock, even if it has ended: [`Rows::Lock`].
    Lock { space: Space, name: String },
    /// A consumer's position: [`Rows::Number`], `None` if there is no such consumer.
    Position { name: String },
    /// The positions of the consumers whose names are in a range, in the order of the names: [`Rows::Positions`]. It is
    /// never checked.
    Positions { start: String, end: Option<String> },
    /// The task with this ID: [`Rows::Tasks`].
    Task { id: String },
    /// The task whose ID is this prefix and, as decimal digits, the last number drawn from the sequence plus `ahead`:
    /// [`Rows::Tasks`]. In a check, the sequence counts as it is before the commit.
    TaskAhead { prefix: String, ahead: u64 },
    /// The task with this unique text that has not ended: [`Rows::Tasks`].
    TaskOfUnique { unique: String },
    /// The first pending tasks with this name that are due now or earlier, and then the first running ones whose lock
    /// ends now or earlier; up to `limit` of each. First come those with the highest priority, among these with the
    /// earliest due time, among these with the lowest number: [`Rows::Tasks`].
    NextTasks { name: String, limit: u64 },
    /// The running tasks with this name whose lock ends now or earlier and whose tries exceed their retries, in any
    /// order: [`Rows::Tasks`].
    LostTasks { name: String },
    /// Tasks whose ID is in a range, in the order of their numbers: [`Rows::Tasks`].
    Tasks {
        start: String,
        end: Option<String>,
        status: Option<TaskStatus>,
        name: Option<String>,
        offset: u64,
        limit: u64,
    },
    /// How many tasks, of those whose ID is in a range, ended before a moment: [`Rows::Number`].
    CountTasks { before: u64, start: String, end: Option<String> },
}

/// The rows of a [`Query`].
#[derive(Clone)]
pub enum Rows {
    /// Records.
    Records(Vec<Arc<Record>>),
    /// Changes.
    Changes(Vec<Change>),
    /// Tasks.
    Tasks(Vec<Arc<Task>>),
    /// A lock.
    Lock(Option<Lock>),
    /// A number.
    Number(Option<u64>),
    /// Names of consumers, each with its position.
    Positions(Vec<(Box<str>, u64)>),
}

impl Rows {
    /// A text that differs if any of the rows has changed since, or another row has taken its place. For records their
    /// stamps, for changes their numbers, for consumers their positions, in order and separated by commas; for a lock `token:until`; for tasks
    /// `number:status:due:tries:started:ended:token:until:error`, where missing numbers are empty and `error` is 0 or 1.
    pub fn fingerprint(&self) -> String {
        match self {
            Rows::Records(records) => joined(records, |text, record| write!(text, "{}", record.stamp)),
            Rows::Changes(changes) => joined(changes, |text, change| write!(text, "{}", change.seq)),
            Rows::Lock(lock) => {
                joined(lock.iter(), |text, lock| write!(text, "{}:{}", lock.token, lock.until))
            }
            Rows::Positions(positions) => joined(positions, |text, (_, position)| write!(text, "{position}")),
            Rows::Number(number) => joined(number.iter(), |text, number| write!(text, "{number}")),
            Rows::Tasks(tasks) => joined(tasks, |text, task| {
                write!(text, "{}:{}:{}:{}", task.number, task.status.name(), task.due, task.tries)?;
                for number in [task.started, task.ended, task.token, task.until] {
                    text.push(':');
                    number.map_or(Ok(()), |number| write!(text, "{number}"))?;
                }
                write!(text, ":{}", u8::from(task.error.is_some()))
            }),
        }
    }
}

fn joined<T>(
    rows: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> std::fmt::Result,
) -> String {
    let mut text = String::new();
    for row in rows {
        if !text.is_empty() {
            text.push(',');
        }
        // Writing to a text never fails.
        let _ = write(&mut text, row);
    }
    text
}

/// Rows to write, together with entries or alone.
///
/// Numbers of the sequence that this commit draws are not known before it happens. In `writes` they are counted from
/// [`base`](RecordCommit::base): a stamp, a change's number, a lock's token, and a task's number and token mean
/// themselves up to `base`; a greater one, `base + n`, means the `n`th number that this commit draws. A commit that draws
/// none may have any `base` that no number exceeds.
#[derive(Clone, Default)]
pub struct RecordCommit {
    /// Queries that must still have rows with this [fingerprint](Rows::fingerprint).
    pub checks: Vec<(Query, String)>,
    /// See above.
    pub base: u64,
    /// How many numbers the commit draws from the sequence.
    pub drawn: u64,
    /// The number of the last change from now on (counted from `base`), also if `writes` does not contain it any more.
    pub latest: Option<u64>,
    /// In this order.
    pub writes: Vec<RecordWrite>,
    /// The time that the queries were answered for.
    pub now_ms: u64,
}

/// A write of rows.
#[derive(Clone)]
#[expect(missing_docs, reason = "the variants' sentences say what their fields are")]
pub enum RecordWrite {
    /// Removes the changes before a number, of records in a range of keys. Comes before all changes that are added.
    TrimChanges { before: u64, start: String, end: Option<String> },
    /// Removes the tasks that ended before a moment, of those whose ID is in a range. Comes before [`RecordWrite::Task`].
    TrimTasks { before: u64, start: String, end: Option<String> },
    /// Stores a record in place of the one with its key, if any.
    Record(Arc<Record>),
    /// Removes a record.
    RemoveRecord { key: String },
    /// Adds a change to the stream.
    Change(Change),
    /// Stores a lock in place of the one with its name, if any. Locks that have ended may be removed.
    Lock { space: Space, name: String, lock: Lock },
    /// Removes a lock.
    RemoveLock { space: Space, name: String },
    /// Stores a consumer's position.
    Position { name: String, seq: u64 },
    /// Removes a consumer's position.
    RemovePosition { name: String },
    /// Stores a task in place of the one with its number, if any. `generated`: its ID ends with a number that this commit
    /// draws.
    Task { task: Arc<Task>, generated: Option<GeneratedId> },
    /// Removes the task with this number.
    RemoveTask { number: u64 },
    /// Removes all records, changes, locks, positions and tasks whose key, name or ID is in a range. The sequence and the
    /// number of the last change stay.
    Flush { start: String, end: Option<String> },
}

/// An ID that is made of a prefix and a drawn number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedId {
    /// What comes before the number.
    pub prefix: String,
    /// Which of the commit's numbers it is, from 1 on.
    pub ahead: u64,
}

impl RecordCommit {
    /// Whether it changes nothing. (A number may be drawn for its own sake.)
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.drawn == 0
    }

    /// Which of the commit's numbers this is, from 1 on; `None` for a number from before.
    pub fn ahead(&self, number: u64) -> Option<u64> {
        number.checked_sub(self.base).filter(|ahead| *ahead > 0)
    }

    /// The same commit for a sequence whose last number is `base`: for a store that knows it before it writes. Its
    /// writes then contain the numbers themselves.
    #[must_use]
    pub fn rebased(mut self, base: u64) -> RecordCommit {
        let from = self.base;
        let real = |number: u64| if number > from { number - from + base } else { number };
        for write in &mut self.writes {
            match write {
                RecordWrite::Record(record) => *record = record.stamped(real(record.stamp)),
                RecordWrite::Change(change) => {
                    change.seq = real(change.seq);
                    change.record = change.record.stamped(real(change.record.stamp));
                }
                RecordWrite::Lock { lock, .. } => lock.token = real(lock.token),
                RecordWrite::RemoveTask { number } => *number = real(*number),
                RecordWrite::Task { task, generated } => {
                    let task = Arc::make_mut(task);
                    task.number = real(task.number);
                    task.token = task.token.map(real);
                    if let Some(GeneratedId { prefix, ahead }) = generated {
                        task.id = format!("{prefix}{}", base + *ahead).into();
                    }
                }
                RecordWrite::TrimChanges { .. }
                | RecordWrite::TrimTasks { .. }
                | RecordWrite::RemoveRecord { .. }
                | RecordWrite::RemoveLock { .. }
                | RecordWrite::Position { .. }
                | RecordWrite::RemovePosition { .. }
                | RecordWrite::Flush { .. } => {}
            }
        }
        self.latest = self.latest.map(real);
        self.base = base;
        self
    }
}
