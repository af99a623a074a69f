// What a store of records can do: rows in and rows out. The commands' meaning is in the files beside this one, once for
// all stores; a storage decides nothing.

use super::locks::{Lock, Space};
use super::tasks::Task;
use super::{Change, Record};
use crate::command::TaskStatus;
use crate::engine::Tick;
use crate::error::Result;
use std::sync::Arc;

/// Rows of records, changes, locks, consumers and tasks. [`Engine`](crate::engine::Engine) keeps them in memory; a database keeps them in tables.
///
/// Functions do not wait, so a storage in a database is the inside of an open transaction, or holds rows that have been
/// loaded. Keys and names compare as
/// bytes. A function that fails leaves the rest to the transaction: its caller undoes everything since it began.
pub(crate) trait Storage {
    /// Checks that a row of `row` bytes fits, and that the store may grow by `growth` bytes.
    fn reserve(&mut self, row: usize, growth: usize) -> Result<()>;

    /// Counts how many of the records that were asked for have been found.
    fn count_reads(&mut self, found: usize, asked: usize);

    /// A random number below `bound`.
    fn random(&mut self, bound: usize) -> usize;

    /// The next number of the store: changes, stamps, tokens and tasks share one sequence, which never goes back.
    fn draw(&mut self) -> Result<u64>;

    /// Runs `work`, and undoes it if it fails. `work` writes records and creates tasks, nothing else.
    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Storage) -> Result<()>) -> Result<()>;

    /// The record with this key.
    fn record(&mut self, key: &str) -> Result<Option<Arc<Record>>>;

    /// Visits records in the order of their keys.
    fn each_record(&mut self, listing: &Listing, visit: Visit<Arc<Record>>) -> Result<()>;

    /// How many records there are, whatever the offset and the limit.
    fn count_records(&mut self, listing: &Listing) -> Result<u64>;

    /// The record that expires first, if it has expired.
    fn expired(&mut self, tick: &Tick) -> Result<Option<Arc<Record>>>;

    /// Appends a change to the stream, and brings the table of records to it.
    fn change(&mut self, change: Change) -> Result<()>;

    /// Visits changes in their order.
    fn each_change(&mut self, filter: &Changed, visit: Visit<Change>) -> Result<()>;

    /// The number of the last change, even if it is trimmed.
    fn latest(&mut self) -> Result<u64>;

    /// Draws numbers up to this one, at least one of them, and makes the last of them that of the last change.
    fn advance(&mut self, seq: u64) -> Result<()>;

    /// Removes the changes before this number, of records with this prefix; returns how many.
    fn trim_changes(&mut self, before: u64, prefix: &str) -> Result<u64>;

    /// The lock with this name, even if it has ended.
    fn lock(&mut self, space: Space, name: &str) -> Result<Option<Lock>>;

    /// Stores a lock. Locks that have ended may be removed.
    fn put_lock(&mut self, space: Space, name: &str, lock: Lock) -> Result<()>;

    /// Removes a lock.
    fn remove_lock(&mut self, space: Space, name: &str) -> Result<()>;

    /// A consumer's position.
    fn position(&mut self, name: &str) -> Result<Option<u64>>;

    /// Visits the positions of the consumers whose names have this prefix, in the order of the names.
    fn each_position(&mut self, prefix: &str, visit: Visit<(Box<str>, u64)>) -> Result<()>;

    /// Stores a consumer's position.
    fn put_position(&mut self, name: &str, seq: u64) -> Result<()>;

    /// Removes a consumer's position.
    fn remove_position(&mut self, name: &str) -> Result<()>;

    /// The task with this ID.
    fn task(&mut self, id: &str) -> Result<Option<Arc<Task>>>;

    /// The ID that consists of a prefix and a drawn number, if no task has it.
    fn free_id(&mut self, prefix: &str, number: u64) -> Result<Option<Box<str>>> {
        let id = [prefix, &number.to_string()].concat();
        Ok(self.task(&id)?.is_none().then(|| id.into()))
    }

    /// The unfinished task with this unique text.
    fn task_of_unique(&mut self, unique: &str) -> Result<Option<Arc<Task>>>;

    /// The first of the tasks with this name that can start: by [`Task::rank`], among those which wait and are due, and
    /// those whose worker's lock has ended.
    fn next_task(&mut self, name: &str, now: u64) -> Result<Option<Arc<Task>>>;

    /// The running tasks with this name whose worker's lock has ended and which have no retries left.
    fn lost_tasks(&mut self, name: &str, now: u64) -> Result<Vec<Arc<Task>>>;

    /// Stores a task in place of the one with its number, if any.
    fn put_task(&mut self, task: Arc<Task>) -> Result<()>;

    /// Visits tasks in the order of their numbers.
    fn each_task(&mut self, filter: &Wanted, visit: Visit<Arc<Task>>) -> Result<()>;

    /// Removes the tasks that ended before this time, of those whose ID has this prefix; returns how many.
    fn trim_tasks(&mut self, before: u64, prefix: &str) -> Result<u64>;

    /// Removes everything whose key, name or ID has this prefix. The sequence and its last change stay.
    fn flush(&mut self, prefix: &str) -> Result<()>;
}

/// Is called with each row, until it fails.
pub(crate) type Visit<'a, T> = &'a mut dyn FnMut(&T) -> Result<()>;

/// Which records to visit; all conditions must hold.
#[derive(Clone, Copy, Default)]
pub(crate) struct Listing<'a> {
    pub prefix: Option<&'a str>,
    /// The first key.
    pub start: Option<&'a str>,
    /// The key behind the last one.
    pub end: Option<&'a str>,
    /// Only records after this key.
    pub after: Option<&'a str>,
    pub kind: Option<&'a str>,
    /// How many to leave out at the beginning.
    pub offset: Option<u64>,
    pub limit: Option<u64>,
}

impl<'a> Listing<'a> {
    /// The records with this prefix.
    pub fn under(prefix: &'a str) -> Listing<'a> {
        Listing { prefix: Some(prefix), ..Listing::default() }
    }
}

/// Which changes to visit.
pub(crate) struct Changed<'a> {
    /// From this number on.
    pub from: u64,
    /// How many at most.
    pub limit: u64,
    /// Only of records of this type.
    pub kind: Option<&'a str>,
    /// Only of records whose key has this prefix.
    pub prefix: &'a str,
}

/// Which tasks to visit.
pub(crate) struct Wanted<'a> {
    pub status: Option<TaskStatus>,
    pub name: Option<&'a str>,
    /// Only those whose ID has this prefix.
    pub prefix: &'a str,
    /// How many to leave out at the beginning.
    pub offset: u64,
    /// How many to visit at most.
    pub limit: u64,
}
