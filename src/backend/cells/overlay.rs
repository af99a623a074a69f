// Records as a run of commands sees them: the rows that were loaded, under what the run has written so far. A row that
// is not loaded counts as missing, and the query for it is remembered: the run is then repeated with it. No I/O here; what
// the commands mean is the engine's business.

use super::rows::{EXPIRED_AT_ONCE, GeneratedId, Query, RecordCommit, RecordWrite, Rows};
use crate::command::{Action, Command, Reply, TaskStatus};
use crate::engine::random::Random;
use crate::engine::records::{
    self, Change, Changed, Listing, Lock, Record, Space, Storage, Task, Visit, Wanted,
};
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

impl Storage for Overlay<'_> {
    fn reserve(&mut self, row: usize, _growth: usize) -> Result<()> {
        check_row(row, self.max_row)
    }

    fn count_reads(&mut self, found: usize, asked: usize) {
        self.hits += found as u64;
        self.misses += (asked - found) as u64;
    }

    fn random(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    fn draw(&mut self) -> Result<u64> {
        self.draws = true;
        self.writes.drawn += 1;
        Ok(self.base.unwrap_or(0) + self.writes.drawn)
    }

    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Storage) -> Result<()>) -> Result<()> {
        let before = self.writes.clone();
        work(self).inspect_err(|_| self.writes = before)
    }

    fn record(&mut self, key: &str) -> Result<Option<Arc<Record>>> {
        if let Some(written) = self.writes.records.get(key) {
            return Ok(written.now.clone());
        }
        Ok(self.records(Query::Record { key: key.to_owned() }).first().cloned())
    }

    fn each_record(&mut self, listing: &Listing, visit: Visit<Arc<Record>>) -> Result<()> {
        let ((start, end), kind) = (range(listing), listing.kind.map(str::to_owned));
        let (offset, limit) = (listing.offset.unwrap_or(0), listing.limit.unwrap_or(u64::MAX));
        let written: Vec<Written<Record>> =
            within(&self.writes.records, &start, end.as_deref()).cloned().collect();
        if written.is_empty() {
            let query = Query::Records { start, end, kind, offset, limit };
            return self.records(query).iter().try_for_each(visit);
        }
        // Rows that the run has written may be gone, so as many more are loaded.
        let limit_of_query = offset.saturating_add(limit).saturating_add(written.len() as u64);
        let query = Query::Records { start, end, kind, offset: 0, limit: limit_of_query };
        let rows = self.records(query);
        let untouched = rows.iter().filter(|row| !self.writes.records.contains_key(&row.key));
        let now = written.iter().filter_map(|written| written.now.as_ref());
        let is_kind =
            |record: &&Arc<Record>| listing.kind.is_none_or(|kind| record.kind.as_deref() == Some(kind));
        let mut found: Vec<&Arc<Record>> = untouched.chain(now.filter(is_kind)).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found.into_iter().skip(many(offset)).take(many(limit)).try_for_each(visit)
    }

    fn count_records(&mut self, listing: &Listing) -> Result<u64> {
        let ((start, end), kind) = (range(listing), listing.kind.map(str::to_owned));
        let counts = |record: &Option<Arc<Record>>| {
            let is_kind =
                |record: &Arc<Record>| listing.kind.is_none_or(|kind| record.kind.as_deref() == Some(kind));
            u64::from(record.as_ref().is_some_and(is_kind))
        };
        let (mut added, mut removed) = (0, 0);
        for written in within(&self.writes.records, &start, end.as_deref()) {
            removed += counts(&written.before);
            added += counts(&written.now);
        }
        let stored = self.number(Query::CountRecords { start, end, kind }, true).unwrap_or(0);
        Ok(stored.saturating_add(added).saturating_sub(removed))
    }

    fn expired(&mut self, tick: &Tick) -> Result<Option<Arc<Record>>> {
        let now = tick.now()?;
        let rows = match self.rows(Query::Expired, false) {
            Some(Rows::Records(rows)) if !rows.is_empty() => self.records(Query::Expired),
            // If others let a record expire meanwhile, the next command removes it.
            _ => &[],
        };
        let mut untouched = rows.iter().filter(|row| !self.writes.records.contains_key(&row.key));
        let written = self.writes.records.values().filter_map(|written| written.now.as_ref());
        let due = |record: &Arc<Record>| record.deadline.filter(|deadline| *deadline <= now);
        let expired = written.filter(|record| due(record).is_some()).chain(untouched.next());
        Ok(expired.min_by(|a, b| (a.deadline, &a.key).cmp(&(b.deadline, &b.key))).cloned())
    }

    fn change(&mut self, change: Change) -> Result<()> {
        let record = &change.record;
        let now = (change.action != Action::Delete).then(|| Arc::clone(record));
        match self.writes.records.get_mut(&record.key) {
            Some(written) => written.now = now,
            None => {
                let before = match change.action {
                    Action::Delete => Some(Arc::clone(record)),
                    Action::Create | Action::Update => self.record(&record.key)?,
                };
                self.writes.records.insert(record.key.clone(), Written { before, now });
            }
        }
        self.writes.latest = Some(change.seq);
        self.writes.changes.push(change);
        Ok(())
    }

    fn each_change(&mut self, filter: &Changed, visit: Visit<Change>) -> Result<()> {
        let mut found = Vec::new();
        self.each_stored_change(filter, &mut |change| found.push(change.clone()));
        let written = self.writes.changes.iter().filter(|change| {
            let record = &change.record;
            change.seq >= filter.from
                && filter.kind.is_none_or(|kind| record.kind.as_deref() == Some(kind))
                && record.key.starts_with(filter.prefix)
        });
        found.iter().chain(written).take(many(filter.limit)).try_for_each(visit)
    }

    fn latest(&mut self) -> Result<u64> {
        if let Some(latest) = self.writes.latest {
            return Ok(latest);
        }
        let is_checked = !self.latest_may_grow;
        Ok(self.number(Query::Latest, is_checked).unwrap_or(0))
    }

    fn trim_changes(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let count = self.count_old_changes(before, prefix);
        let kept = self.writes.changes.len();
        self.writes.changes.retain(|change| change.seq >= before || !change.record.key.starts_with(prefix));
        let written = (kept - self.writes.changes.len()) as u64;
        self.writes.change_trims.push(Trim { before, prefix: prefix.to_owned(), count });
        Ok(count + written)
    }

    fn lock(&mut self, space: Space, name: &str) -> Result<Option<Lock>> {
        if let Some(lock) = self.writes.locks.get(&(space, name.into())) {
            return Ok(lock.clone());
        }
        match self.rows(Query::Lock { space, name: name.to_owned() }, true) {
            Some(Rows::Lock(lock)) => Ok(lock.clone()),
            _ => Ok(None),
        }
    }

    fn put_lock(&mut self, space: Space, name: &str, lock: Lock) -> Result<()> {
        self.writes.locks.insert((space, name.into()), Some(lock));
        Ok(())
    }

    fn remove_lock(&mut self, space: Space, name: &str) -> Result<()> {
        self.writes.locks.insert((space, name.into()), None);
        Ok(())
    }

    fn position(&mut self, name: &str) -> Result<Option<u64>> {
        if let Some(position) = self.writes.positions.get(name) {
            return Ok(*position);
        }
        Ok(self.number(Query::Position { name: name.to_owned() }, true))
    }

    fn put_position(&mut self, name: &str, seq: u64) -> Result<()> {
        self.writes.positions.insert(name.into(), Some(seq));
        Ok(())
    }

    fn remove_position(&mut self, name: &str) -> Result<()> {
        self.writes.positions.insert(name.into(), None);
        Ok(())
    }

    fn task(&mut self, id: &str) -> Result<Option<Arc<Task>>> {
        if let Some(task) = self.written_tasks().find(|task| *task.id == *id) {
            return Ok(Some(Arc::clone(task)));
        }
        let rows = self.tasks(Query::Task { id: id.to_owned() });
        Ok(rows.first().and_then(|row| self.task_now(row)))
    }

    fn free_id(&mut self, prefix: &str, number: u64) -> Result<Option<Box<str>>> {
        let id: Box<str> = format!("{prefix}{number}").into();
        // The number is only known when the run is committed, so the store looks for the ID itself.
        let ahead = number - self.base.unwrap_or(0);
        let rows = self.tasks(Query::TaskAhead { prefix: prefix.to_owned(), ahead });
        let is_stored = rows.first().is_some_and(|row| self.task_now(row).is_some());
        if is_stored || self.written_tasks().any(|task| task.id == id) {
            return Ok(None);
        }
        self.generated.insert(id.clone(), GeneratedId { prefix: prefix.to_owned(), ahead });
        Ok(Some(id))
    }

    fn task_of_unique(&mut self, unique: &str) -> Result<Option<Arc<Task>>> {
        let has_it = |task: &&Arc<Task>| task.ended.is_none() && task.unique.as_deref() == Some(unique);
        if let Some(task) = self.written_tasks().find(has_it) {
            return Ok(Some(Arc::clone(task)));
        }
        let rows = self.tasks(Query::TaskOfUnique { unique: unique.to_owned() });
        Ok(rows.first().and_then(|row| self.task_now(row)).filter(|task| has_it(&task)))
    }

    fn next_task(&mut self, name: &str, now: u64) -> Result<Option<Arc<Task>>> {
        let is_due = |task: &Task| task.status == TaskStatus::Pending && task.due <= now;
        let can_start = |task: &Task| is_due(task) || task.is_lost(now);
        let written = self.written_tasks().filter(|task| *task.name == *name);
        let touched = written.clone().count() + 1;
        let mut first = written.filter(|task| can_start(task)).min_by_key(|task| task.rank()).map(Arc::clone);
        // Rows that the run has taken must not hide the next ones.
        let limit = touched.next_power_of_two().max(self.commands) as u64;
        for row in self.tasks(Query::NextTasks { name: name.to_owned(), limit }) {
            let is_untouched = !self.writes.tasks.contains_key(&row.number);
            if is_untouched && first.as_ref().is_none_or(|first| row.rank() < first.rank()) {
                first = Some(Arc::clone(row));
            }
        }
        Ok(first)
    }

    fn lost_tasks(&mut self, name: &str, now: u64) -> Result<Vec<Arc<Task>>> {
        let query = Query::LostTasks { name: name.to_owned() };
        let rows = match self.rows(query.clone(), false) {
            Some(Rows::Tasks(rows)) if !rows.is_empty() => self.tasks(query),
            // A task that others lose meanwhile ends with the next command.
            _ => &[],
        };
        let is_lost = |task: &&Arc<Task>| *task.name == *name && task.is_lost(now) && task.is_used_up();
        let untouched = rows.iter().filter(|row| !self.writes.tasks.contains_key(&row.number));
        Ok(untouched.chain(self.written_tasks().filter(is_lost)).cloned().collect())
    }

    fn put_task(&mut self, task: Arc<Task>) -> Result<()> {
        let number = task.number;
        if let Some(written) = self.writes.tasks.get_mut(&number) {
            written.now = Some(task);
            return Ok(());
        }
        let loaded = self.loaded.values().filter_map(|rows| match rows {
            Rows::Tasks(tasks) => tasks.iter().find(|task| task.number == number),
            _ => None,
        });
        let before = loaded.into_iter().next().cloned();
        self.writes.tasks.insert(number, Written { before, now: Some(task) });
        Ok(())
    }

    fn each_task(&mut self, filter: &Wanted, visit: Visit<Arc<Task>>) -> Result<()> {
        let &Wanted { status, offset, limit, .. } = filter;
        let ((start, end), name) = (range_of(filter.prefix), filter.name.map(str::to_owned));
        if self.writes.tasks.is_empty() && self.writes.task_trims.is_empty() {
            let query = Query::Tasks { start, end, status, name, offset, limit };
            return self.tasks(query).iter().try_for_each(visit);
        }
        let gone = self.writes.task_trims.iter().map(|trim| trim.count).sum::<u64>();
        let gone = gone.saturating_add(self.writes.tasks.len() as u64);
        let limit_of_query = offset.saturating_add(limit).saturating_add(gone);
        let rows = self.tasks(Query::Tasks { start, end, status, name, offset: 0, limit: limit_of_query });
        let is_untouched =
            |row: &&Arc<Task>| !self.writes.tasks.contains_key(&row.number) && !self.is_trimmed(row);
        let matches = |task: &&Arc<Task>| {
            task.id.starts_with(filter.prefix)
                && status.is_none_or(|status| task.status == status)
                && filter.name.is_none_or(|name| *task.name == *name)
        };
        let written = self.written_tasks().filter(matches);
        let mut found: Vec<&Arc<Task>> = rows.iter().filter(is_untouched).chain(written).collect();
        found.sort_by_key(|task| task.number);
        found.into_iter().skip(many(offset)).take(many(limit)).try_for_each(visit)
    }

    fn trim_tasks(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let (start, end) = range_of(prefix);
        let stored = match self.writes.task_trims.is_empty() {
            true => self.number(Query::CountTasks { before, start, end }, true).unwrap_or(0),
            false => {
                let (status, name) = (None, None);
                let query = Query::Tasks { start, end, status, name, offset: 0, limit: u64::MAX };
                let rows = self.tasks(query).iter();
                rows.filter(|row| is_old(row, before, prefix) && !self.is_trimmed(row)).count() as u64
            }
        };
        let mut count = stored;
        let trims = &self.writes.task_trims;
        let is_there = |row: &Task| !trims.iter().any(|trim| is_old(row, trim.before, &trim.prefix));
        for Written { before: row, now } in self.writes.tasks.values_mut() {
            // The store still has its row, which is not what the task is now.
            if row.as_ref().is_some_and(|row| is_old(row, before, prefix) && is_there(row)) {
                count = count.saturating_sub(1);
            }
            if now.as_ref().is_some_and(|task| is_old(task, before, prefix)) {
                count += 1;
                *now = None;
            }
        }
        self.writes.task_trims.push(Trim { before, prefix: prefix.to_owned(), count: stored });
        Ok(count)
    }

    fn flush(&mut self, prefix: &str) -> Result<()> {
        self.writes.flushed = Some(prefix.to_owned());
        Ok(())
    }
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
