// Records in memory: the rows in ordered maps, counted against the store's limit. No command semantics belong here.

mod changes;
pub(super) mod map;
mod tasks;

use super::locks::{self, Lock, Space};
use super::storage::{Changed, Listing, Storage, Visit, Wanted};
use super::tasks::Task;
use super::{Change, Record};
use crate::command::Action;
use crate::engine::{Engine, Tick};
use crate::error::Result;
use changes::Changes;
use map::{Item, Map};
use std::ops::Bound;
use std::sync::Arc;
use tasks::Tasks;

/// All records of a store, and everything built on them.
#[derive(Default)]
pub(in crate::engine) struct Records {
    table: Map,
    /// By deadline and key.
    deadlines: Map,
    changes: Changes,
    /// The last number drawn.
    drawn: u64,
    /// By space and name.
    locks: Map,
    /// The number of locks at which those that have ended are removed.
    sweep_at: usize,
    consumers: Map,
    tasks: Tasks,
    /// How to undo what has happened since [`Storage::whole`] began.
    journal: Option<Vec<Undo>>,
}

/// How to undo one write.
enum Undo {
    /// The record before a change, or nothing.
    Record(Box<str>, Option<Arc<Record>>),
    /// The number of a new task.
    Task(u64),
}

fn many(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn of_lock(space: Space, name: &str) -> Box<[u8]> {
    map::key(&[&[space as u8], name.as_bytes()])
}

fn weight_of_lock(key: &[u8], thing: &Item) -> usize {
    let name = key.get(1..).and_then(|name| str::from_utf8(name).ok()).unwrap_or_default();
    thing.lock().map_or(0, |lock| locks::weight(name, &lock.owner))
}

impl Records {
    fn get(&self, key: &str) -> Option<&Arc<Record>> {
        self.table.get(key.as_bytes())?.record()
    }

    /// The records that match a listing, in order.
    fn within<'a>(&'a self, listing: &'a Listing) -> impl Iterator<Item = &'a Arc<Record>> {
        let (prefix, start) = (listing.prefix.unwrap_or_default(), listing.start.unwrap_or_default());
        let from = prefix.max(start);
        let begin = match listing.after {
            Some(after) if after >= from => Bound::Excluded(after.as_bytes()),
            _ => Bound::Included(from.as_bytes()),
        };
        let records = map::from(&self.table, begin).filter_map(|(_, thing)| thing.record());
        records
            .take_while(move |record| {
                record.key.starts_with(prefix) && listing.end.is_none_or(|end| *record.key < *end)
            })
            .filter(move |record| listing.kind.is_none_or(|kind| record.kind.as_deref() == Some(kind)))
            .skip(many(listing.offset.unwrap_or(0)))
            .take(many(listing.limit.unwrap_or(u64::MAX)))
    }

    /// Stores a record in the table (`None`: removes it); returns the previous one.
    fn place(&mut self, key: &str, record: Option<Arc<Record>>) -> Option<Arc<Record>> {
        let due = |record: &Record| Some(map::key(&[&record.deadline?.to_be_bytes(), key.as_bytes()]));
        let old = self.get(key).cloned();
        if let Some(due) = old.as_deref().and_then(due) {
            self.deadlines.remove(&due);
        }
        match record {
            Some(record) => {
                if let Some(due) = due(&record) {
                    self.deadlines.insert(due, Item::Number(0));
                }
                self.table.insert(key.as_bytes().into(), Item::Record(record));
            }
            None => {
                self.table.remove(key.as_bytes());
            }
        }
        old
    }

    /// Removes the locks for which `is_doomed` is true; returns their weight.
    fn remove_locks(&mut self, is_doomed: &dyn Fn(&[u8], &Lock) -> bool) -> usize {
        let is_doomed = |key: &[u8], thing: &Item| thing.lock().is_some_and(|lock| is_doomed(key, lock));
        let removed = map::take_if(&mut self.locks, &is_doomed);
        removed.iter().map(|(key, thing)| weight_of_lock(key, thing)).fold(0, usize::saturating_add)
    }
}

impl Engine {
    fn count_bytes(&mut self, added: usize, freed: usize) {
        self.used_bytes = self.used_bytes.saturating_add(added).saturating_sub(freed);
    }
}

impl Storage for Engine {
    fn reserve(&mut self, _row: usize, growth: usize) -> Result<()> {
        Engine::reserve(self, growth, 0)
    }

    fn count_reads(&mut self, found: usize, asked: usize) {
        self.hits = self.hits.wrapping_add(found as u64);
        self.misses = self.misses.wrapping_add(asked.saturating_sub(found) as u64);
    }

    fn random(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    fn draw(&mut self) -> Result<u64> {
        self.records.drawn = self.records.drawn.saturating_add(1);
        Ok(self.records.drawn)
    }

    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Storage) -> Result<()>) -> Result<()> {
        let (used, drawn) = (self.used_bytes, self.records.drawn);
        let changes = self.records.changes.mark();
        self.records.journal = Some(Vec::new());
        let result = work(self);
        let journal = self.records.journal.take().unwrap_or_default();
        if result.is_err() {
            for undo in journal.into_iter().rev() {
                match undo {
                    Undo::Record(key, before) => drop(self.records.place(&key, before)),
                    Undo::Task(number) => drop(self.records.tasks.remove(number)),
                }
            }
            self.records.changes.undo(changes);
            self.records.drawn = drawn;
            // Request room for all of it.
            let grown = self.used_bytes.saturating_sub(used);
            self.wanted.0 = self.wanted.0.saturating_add(grown);
            self.used_bytes = used;
        }
        result
    }

    fn record(&mut self, key: &str) -> Result<Option<Arc<Record>>> {
        Ok(self.records.get(key).cloned())
    }

    fn each_record(&mut self, listing: &Listing, visit: Visit<Arc<Record>>) -> Result<()> {
        self.records.within(listing).try_for_each(visit)
    }

    fn count_records(&mut self, listing: &Listing) -> Result<u64> {
        Ok(self.records.within(listing).count() as u64)
    }

    fn expired(&mut self, tick: &Tick) -> Result<Option<Arc<Record>>> {
        let Some((due, _)) = self.records.deadlines.first_key_value() else { return Ok(None) };
        let Some((deadline, key)) = due.split_first_chunk() else { return Ok(None) };
        if u64::from_be_bytes(*deadline) > tick.now()? {
            return Ok(None);
        }
        Ok(self.records.table.get(key).and_then(Item::record).cloned())
    }

    fn change(&mut self, change: Change) -> Result<()> {
        let record = &change.record;
        let kept = (change.action != Action::Delete).then(|| Arc::clone(record));
        let weight = record.weight();
        let added = if kept.is_some() { weight.saturating_mul(2) } else { weight };
        let before = self.records.place(&record.key, kept);
        self.count_bytes(added, before.as_ref().map_or(0, |before| before.weight()));
        if let Some(journal) = &mut self.records.journal {
            journal.push(Undo::Record(record.key.clone(), before));
        }
        self.records.changes.push(change);
        Ok(())
    }

    fn each_change(&mut self, filter: &Changed, visit: Visit<Change>) -> Result<()> {
        let changes = self.records.changes.from(filter.from).filter(|change| {
            let record = &change.record;
            filter.kind.is_none_or(|kind| record.kind.as_deref() == Some(kind))
                && record.key.starts_with(filter.prefix)
        });
        changes.take(many(filter.limit)).try_for_each(visit)
    }

    fn latest(&mut self) -> Result<u64> {
        Ok(self.records.changes.latest())
    }

    fn advance(&mut self, seq: u64) -> Result<()> {
        self.records.drawn = self.records.drawn.saturating_add(1).max(seq);
        self.records.changes.advance(self.records.drawn);
        Ok(())
    }

    fn trim_changes(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let (count, freed) = self.records.changes.trim(before, prefix);
        self.count_bytes(0, freed);
        Ok(count)
    }

    fn lock(&mut self, space: Space, name: &str) -> Result<Option<Lock>> {
        Ok(self.records.locks.get(&of_lock(space, name)).and_then(Item::lock).cloned())
    }

    fn put_lock(&mut self, space: Space, name: &str, lock: Lock) -> Result<()> {
        self.remove_lock(space, name)?;
        let (now, weight) = (lock.acquired, locks::weight(name, &lock.owner));
        self.records.locks.insert(of_lock(space, name), Item::Lock(Box::new(lock)));
        self.count_bytes(weight, 0);
        if self.records.locks.len() >= self.records.sweep_at {
            let freed = self.records.remove_locks(&|_, lock| lock.until <= now);
            self.records.sweep_at = self.records.locks.len().saturating_mul(2).max(64);
            self.count_bytes(0, freed);
        }
        Ok(())
    }

    fn remove_lock(&mut self, space: Space, name: &str) -> Result<()> {
        let key = of_lock(space, name);
        let freed = self.records.locks.remove(&key).map_or(0, |old| weight_of_lock(&key, &old));
        self.count_bytes(0, freed);
        Ok(())
    }

    fn position(&mut self, name: &str) -> Result<Option<u64>> {
        Ok(self.records.consumers.get(name.as_bytes()).and_then(Item::number))
    }

    fn each_position(&mut self, prefix: &str, visit: Visit<(Box<str>, u64)>) -> Result<()> {
        let consumers = map::from(&self.records.consumers, Bound::Included(prefix.as_bytes()));
        for (name, position) in consumers.take_while(|(name, _)| name.starts_with(prefix.as_bytes())) {
            let name = str::from_utf8(name).unwrap_or_default();
            visit(&(name.into(), position.number().unwrap_or(0)))?;
        }
        Ok(())
    }

    fn put_position(&mut self, name: &str, seq: u64) -> Result<()> {
        if self.records.consumers.insert(name.as_bytes().into(), Item::Number(seq)).is_none() {
            self.count_bytes(locks::weight(name, ""), 0);
        }
        Ok(())
    }

    fn remove_position(&mut self, name: &str) -> Result<()> {
        if self.records.consumers.remove(name.as_bytes()).is_some() {
            self.count_bytes(0, locks::weight(name, ""));
        }
        Ok(())
    }

    fn task(&mut self, id: &str) -> Result<Option<Arc<Task>>> {
        Ok(self.records.tasks.get(id).cloned())
    }

    fn task_of_unique(&mut self, unique: &str) -> Result<Option<Arc<Task>>> {
        Ok(self.records.tasks.of_unique(unique).cloned())
    }

    fn next_task(&mut self, name: &str, now: u64) -> Result<Option<Arc<Task>>> {
        Ok(self.records.tasks.next(name, now))
    }

    fn lost_tasks(&mut self, name: &str, now: u64) -> Result<Vec<Arc<Task>>> {
        let mut lost = self.records.tasks.lost(name, now);
        lost.retain(|task| task.is_used_up());
        Ok(lost)
    }

    fn put_task(&mut self, task: Arc<Task>) -> Result<()> {
        let (number, weight) = (task.number, task.weight());
        let freed = self.records.tasks.put(task);
        self.count_bytes(weight, freed);
        if let Some(journal) = self.records.journal.as_mut().filter(|_| freed == 0) {
            journal.push(Undo::Task(number));
        }
        Ok(())
    }

    fn each_task(&mut self, filter: &Wanted, visit: Visit<Arc<Task>>) -> Result<()> {
        let tasks = self.records.tasks.all().filter(|task| {
            task.id.starts_with(filter.prefix)
                && filter.status.is_none_or(|status| task.status == status)
                && filter.name.is_none_or(|name| *task.name == *name)
        });
        tasks.skip(many(filter.offset)).take(many(filter.limit)).try_for_each(visit)
    }

    fn trim_tasks(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let is_old =
            |task: &Task| task.ended.is_some_and(|ended| ended < before) && task.id.starts_with(prefix);
        let (count, freed) = self.records.tasks.remove_all(&is_old);
        self.count_bytes(0, freed);
        Ok(count)
    }

    fn flush(&mut self, prefix: &str) -> Result<()> {
        let records = &mut *self.records;
        let mut freed = 0_usize;
        let mut free = |bytes: usize| freed = freed.saturating_add(bytes);
        let doomed: Vec<Arc<Record>> = records.within(&Listing::under(prefix)).cloned().collect();
        for record in doomed {
            free(record.weight());
            records.place(&record.key, None);
        }
        free(records.changes.trim(u64::MAX, prefix).1);
        let is_under = |key: &[u8]| key.get(1..).is_some_and(|name| name.starts_with(prefix.as_bytes()));
        free(records.remove_locks(&|key, _| is_under(key)));
        for (name, _) in map::take_if(&mut records.consumers, &|name, _| name.starts_with(prefix.as_bytes()))
        {
            free(locks::weight(str::from_utf8(&name).unwrap_or_default(), ""));
        }
        free(records.tasks.remove_all(&|task| task.id.starts_with(prefix)).1);
        self.count_bytes(0, freed);
        Ok(())
    }
}
