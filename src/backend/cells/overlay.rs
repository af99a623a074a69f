// Records as a run of commands sees them: the rows that were loaded, under what the run has written so far. A row that
// is not loaded counts as missing, and the query for it is remembered: the run is then repeated with it. No I/O here; what
// the commands mean is the engine's business.

mod storage;

use super::rows::{EXPIRED_AT_ONCE, GeneratedId, Query, RecordCommit, RecordWrite, Rows};
use crate::command::{Command, Reply};
use crate::engine::random::Random;
use crate::engine::records::{self, Change, Changed, Listing, Lock, Record, Space, Task};
use crate::engine::{Tick, after_prefix};
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// Loaded rows by their query.
pub(super) type Loaded = BTreeMap<Query, Rows>;

/// A row before the run and now.
#[derive(Clone)]
struct Written<T> {
    before: Option<Arc<T>>,
    now: Option<Arc<T>>,
}

/// A trim: what is before a number or a moment, with a prefix; and how many rows of the store that removes.
#[derive(Clone)]
struct Trim {
    before: u64,
    prefix: String,
    count: u64,
}

/// What the run has written.
#[derive(Clone, Default)]
struct Writes {
    drawn: u64,
    records: BTreeMap<Box<str>, Written<Record>>,
    changes: Vec<Change>,
    latest: Option<u64>,
    change_trims: Vec<Trim>,
    locks: BTreeMap<(Space, Box<str>), Option<Lock>>,
    positions: BTreeMap<Box<str>, Option<u64>>,
    /// By number.
    tasks: BTreeMap<u64, Written<Task>>,
    task_trims: Vec<Trim>,
    flushed: Option<String>,
}

/// The records of a run.
pub(super) struct Overlay<'a> {
    loaded: &'a Loaded,
    /// The last number of the sequence when the rows were loaded, if that was loaded.
    base: Option<u64>,
    /// The most bytes of a row.
    max_row: u64,
    random: Random,
    /// How many commands run: as many tasks may be taken.
    commands: usize,
    writes: Writes,
    generated: BTreeMap<Box<str>, GeneratedId>,
    /// The queries that the run depends on, and whether their rows must be the same when it commits.
    used: BTreeMap<Query, bool>,
    missing: BTreeSet<Query>,
    draws: bool,
    /// Whether the number of the last change may grow before the commit.
    latest_may_grow: bool,
    /// How many records have been found, of those that were asked for.
    pub hits: u64,
    pub misses: u64,
}

impl<'a> Overlay<'a> {
    pub fn new(
        loaded: &'a Loaded,
        base: Option<u64>,
        max_row: u64,
        random: Random,
        commands: usize,
    ) -> Overlay<'a> {
        Overlay {
            loaded,
            base,
            max_row,
            random,
            commands,
            writes: Writes::default(),
            generated: BTreeMap::new(),
            used: BTreeMap::new(),
            missing: BTreeSet::new(),
            draws: false,
            latest_may_grow: false,
            hits: 0,
            misses: 0,
        }
    }

    /// Runs a command on records.
    pub fn apply(&mut self, command: &Command, tick: &Tick) -> Result<Reply> {
        // A position must not be beyond the last change, and that stays so.
        self.latest_may_grow = matches!(command, Command::ConsumersCommit { .. });
        records::apply(self, command, tick)
    }

    /// What the run needs to be repeated with: queries, and whether it draws numbers. `None` if it has had everything.
    pub fn lacks(&self) -> Option<(Vec<Query>, bool)> {
        if self.missing.is_empty() && (!self.draws || self.base.is_some()) {
            return None;
        }
        Some((self.used.keys().chain(&self.missing).cloned().collect(), self.draws))
    }

    /// What the run has written, and what that depends on.
    pub fn into_commit(self, now_ms: u64) -> RecordCommit {
        let fingerprint = |query: &Query| self.loaded.get(query).map_or_else(String::new, Rows::fingerprint);
        let checked = self.used.iter().filter(|(_, is_checked)| **is_checked);
        let checks = checked.map(|(query, _)| (query.clone(), fingerprint(query))).collect();
        let Writes { drawn, latest, .. } = self.writes;
        RecordCommit {
            checks,
            // Without numbers of its own, no number is one.
            base: self.base.unwrap_or(u64::MAX),
            drawn,
            latest,
            writes: writes(self.writes, &self.generated),
            now_ms,
        }
    }

    fn rows(&mut self, query: Query, is_checked: bool) -> Option<&'a Rows> {
        let rows = self.loaded.get(&query);
        match rows {
            Some(_) => *self.used.entry(query).or_default() |= is_checked,
            None => drop(self.missing.insert(query)),
        }
        rows
    }

    fn records(&mut self, query: Query) -> &'a [Arc<Record>] {
        if let Some(Rows::Records(records)) = self.rows(query, true) { records } else { &[] }
    }

    fn number(&mut self, query: Query, is_checked: bool) -> Option<u64> {
        if let Some(Rows::Number(number)) = self.rows(query, is_checked) { *number } else { None }
    }

    fn tasks(&mut self, query: Query) -> &'a [Arc<Task>] {
        if let Some(Rows::Tasks(tasks)) = self.rows(query, true) { tasks } else { &[] }
    }

    /// A row of the store as it is now.
    fn task_now(&self, row: &Arc<Task>) -> Option<Arc<Task>> {
        match self.writes.tasks.get(&row.number) {
            Some(written) => written.now.clone(),
            None => (!self.is_trimmed(row)).then(|| Arc::clone(row)),
        }
    }

    fn is_trimmed(&self, row: &Task) -> bool {
        self.writes.task_trims.iter().any(|trim| is_old(row, trim.before, &trim.prefix))
    }

    fn written_tasks(&self) -> impl Iterator<Item = &Arc<Task>> + Clone {
        self.writes.tasks.values().filter_map(|written| written.now.as_ref())
    }

    /// How many changes that are not removed yet there are in the store before a number.
    fn count_old_changes(&mut self, before: u64, prefix: &str) -> u64 {
        let (start, end) = range_of(prefix);
        if self.writes.change_trims.is_empty() {
            return self.number(Query::CountChanges { before, start, end }, true).unwrap_or(0);
        }
        let (mut count, filter) = (0, Changed { from: 0, limit: u64::MAX, kind: None, prefix });
        self.each_stored_change(&filter, &mut |change| count += u64::from(change.seq < before));
        count
    }

    /// Visits the changes of the store that are not removed; up to the limit, or more.
    fn each_stored_change(&mut self, filter: &Changed, visit: &mut dyn FnMut(&Change)) {
        let (mut from, mut limit) = (filter.from, filter.limit);
        for trim in &self.writes.change_trims {
            match filter.prefix.starts_with(&trim.prefix) {
                true => from = from.max(trim.before),
                false => limit = limit.saturating_add(trim.count),
            }
        }
        let ((start, end), kind) = (range_of(filter.prefix), filter.kind.map(str::to_owned));
        let query = Query::Changes { from, start, end, kind, limit };
        let Some(Rows::Changes(changes)) = self.rows(query, true) else { return };
        for change in changes {
            let is_in = |trim: &Trim| change.seq < trim.before && change.record.key.starts_with(&trim.prefix);
            if !self.writes.change_trims.iter().any(is_in) {
                visit(change);
            }
        }
    }
}

fn is_old(task: &Task, before: u64, prefix: &str) -> bool {
    task.ended.is_some_and(|ended| ended < before) && task.id.starts_with(prefix)
}

/// The first and the end of the keys with a prefix.
fn range_of(prefix: &str) -> (String, Option<String>) {
    (prefix.to_owned(), after_prefix(prefix))
}

/// The first and the end of the keys of a listing.
fn range(listing: &Listing) -> (String, Option<String>) {
    let from = listing.prefix.unwrap_or_default().max(listing.start.unwrap_or_default());
    let start = match listing.after {
        Some(key) if key >= from => [key, "\0"].concat(),
        _ => from.to_owned(),
    };
    let ends = [listing.end.map(str::to_owned), after_prefix(listing.prefix.unwrap_or_default())];
    (start, ends.into_iter().flatten().min())
}

/// The written records in a range.
fn within<'w>(
    records: &'w BTreeMap<Box<str>, Written<Record>>,
    start: &str,
    end: Option<&str>,
) -> impl Iterator<Item = &'w Written<Record>> {
    let is_in = move |key: &str| end.is_none_or(|end| key < end);
    let from = records.range::<str, _>((Bound::Included(start), Bound::Unbounded));
    from.take_while(move |(key, _)| is_in(key)).map(|(_, written)| written)
}

fn many(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// In the order that stores expect.
fn writes(writes: Writes, generated: &BTreeMap<Box<str>, GeneratedId>) -> Vec<RecordWrite> {
    let mut list = Vec::new();
    for Trim { before, prefix, .. } in writes.change_trims {
        let (start, end) = range_of(&prefix);
        list.push(RecordWrite::TrimChanges { before, start, end });
    }
    for Trim { before, prefix, .. } in writes.task_trims {
        let (start, end) = range_of(&prefix);
        list.push(RecordWrite::TrimTasks { before, start, end });
    }
    if let Some(prefix) = writes.flushed {
        let (start, end) = range_of(&prefix);
        list.push(RecordWrite::Flush { start, end });
    }
    for (key, written) in writes.records {
        match written {
            Written { now: Some(record), .. } => list.push(RecordWrite::Record(record)),
            Written { before: Some(_), .. } => list.push(RecordWrite::RemoveRecord { key: key.into() }),
            Written { .. } => {}
        }
    }
    list.extend(writes.changes.into_iter().map(RecordWrite::Change));
    for ((space, name), lock) in writes.locks {
        let name = name.into();
        list.push(match lock {
            Some(lock) => RecordWrite::Lock { space, name, lock },
            None => RecordWrite::RemoveLock { space, name },
        });
    }
    for (name, seq) in writes.positions {
        let name = name.into();
        list.push(match seq {
            Some(seq) => RecordWrite::Position { name, seq },
            None => RecordWrite::RemovePosition { name },
        });
    }
    // What has ended comes first: it makes room for others with the same unique text or ID.
    let is_unfinished = |task: &&Arc<Task>| task.ended.is_none();
    let (mut ended, mut unfinished) = (Vec::new(), Vec::new());
    for (number, Written { before, now }) in writes.tasks {
        match now {
            Some(task) => {
                let is_new = before.is_none();
                let generated = is_new.then(|| generated.get(&task.id).cloned()).flatten();
                let place = if is_unfinished(&&task) { &mut unfinished } else { &mut ended };
                place.push(RecordWrite::Task { task, generated });
            }
            None if before.is_some() => list.push(RecordWrite::RemoveTask { number }),
            None => {}
        }
    }
    list.extend(ended.into_iter().chain(unfinished));
    list
}

/// Whether the store returned as many expired records as it may, so that there may be more.
pub(super) fn may_have_more_expired(loaded: &Loaded) -> bool {
    matches!(loaded.get(&Query::Expired), Some(Rows::Records(rows)) if rows.len() as u64 >= EXPIRED_AT_ONCE)
}

/// Checks that a row fits.
pub(super) fn check_row(row: usize, max_row: u64) -> Result<()> {
    if row as u64 <= max_row {
        return Ok(());
    }
    let message = format!("would make a row of {row} bytes; this store takes at most {max_row}");
    Err(Error::new(Kind::TooLarge, message))
}
