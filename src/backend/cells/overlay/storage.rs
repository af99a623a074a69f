// Reading and writing rows of a run: what has been loaded, under what the run has written. Which rows are missing is
// remembered by the functions of `overlay.rs`.

use super::{Overlay, Trim, Written, check_row, is_old, many, range, range_of, within};
use crate::backend::cells::rows::{GeneratedId, Query, Rows};
use crate::command::{Action, TaskStatus};
use crate::engine::Tick;
use crate::engine::records::{Change, Changed, Listing, Lock, Record, Space, Storage, Task, Visit, Wanted};
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

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

    fn advance(&mut self, seq: u64) -> Result<()> {
        self.draws = true;
        // If others draw meanwhile, the sequence goes on further than it has to.
        let base = self.base.unwrap_or(0);
        let missing = seq.saturating_sub(base + self.writes.drawn).max(1);
        self.writes.drawn += missing;
        self.writes.latest = Some(base + self.writes.drawn);
        Ok(())
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

    fn each_position(&mut self, prefix: &str, visit: Visit<(Box<str>, u64)>) -> Result<()> {
        let (start, end) = range_of(prefix);
        // What others commit meanwhile does not matter: nothing is written by what is found.
        let stored = match self.rows(Query::Positions { start, end }, false) {
            Some(Rows::Positions(stored)) => &**stored,
            _ => &[],
        };
        let mut found: BTreeMap<&str, Option<u64>> =
            stored.iter().map(|(name, position)| (&**name, Some(*position))).collect();
        let written = self.writes.positions.iter().filter(|(name, _)| name.starts_with(prefix));
        found.extend(written.map(|(name, position)| (&**name, *position)));
        found
            .into_iter()
            .filter_map(|(name, position)| Some((name.into(), position?)))
            .try_for_each(|row| visit(&row))
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
