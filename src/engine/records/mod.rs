// Records: JSON documents with a version, in a table separate from plain keys, and everything built on them. The stream
// of changes contains every change of a record. No knowledge of commands or replies.

mod apply;
mod changes;
pub(crate) mod json;
mod locks;
mod map;
mod row;
mod tasks;

pub(super) use apply::Listing;
pub(super) use tasks::NewTask;
#[cfg(feature = "net")]
pub(crate) use tasks::{RETRIES, shortened};

use super::{Engine, Tick, check_value_length};
use crate::command::{Action, Command, Expiry, Key};
use crate::error::{Error, Kind, Result};
use changes::Changes;
use locks::Locks;
use map::{Map, Thing};
use std::ops::Bound;
use std::sync::Arc;
use tasks::Tasks;

/// The overhead of a record in addition to its bytes: once in the table, and once for its change in the stream.
const RECORD_OVERHEAD: usize = 192;

/// A record's state between two changes. The table and the stream share it.
pub(super) struct Record {
    key: Box<str>,
    /// 1, 2, 3 ...
    version: u64,
    /// The sequence number of the change that produced this state.
    stamp: u64,
    kind: Option<Box<str>>,
    created: u64,
    updated: u64,
    deadline: Option<u64>,
    /// JSON in its original text.
    value: Box<str>,
}

impl Record {
    fn weight(&self) -> usize {
        let kind = self.kind.as_ref().map_or(0, |kind| kind.len());
        self.key.len().saturating_add(kind).saturating_add(self.value.len()).saturating_add(RECORD_OVERHEAD)
    }
}

/// All records of a store, and everything built on them.
#[derive(Default)]
pub(super) struct Records {
    table: Map,
    /// By deadline and key.
    deadlines: Map,
    changes: Changes,
    /// The last number drawn: changes, stamps, fencing tokens and task IDs share one sequence.
    drawn: u64,
    locks: Locks,
    consumers: Map,
    /// The holder of each consumer.
    holders: Locks,
    tasks: Tasks,
    /// What the keys held that the mutations under way have changed, to undo them.
    journal: Option<Vec<Undo>>,
}

/// How to undo one change of a record.
struct Undo {
    /// The record after the change, or the one that was removed.
    record: Arc<Record>,
    /// The record before the change.
    before: Option<Arc<Record>>,
}

impl Records {
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.saturating_add(1);
        self.drawn
    }

    fn get(&self, key: &str) -> Option<&Arc<Record>> {
        self.table.get(key.as_bytes())?.record()
    }

    /// The records that match a listing, in order.
    fn within<'a>(&'a self, listing: &'a Listing<'a>) -> impl Iterator<Item = &'a Arc<Record>> {
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
            .skip(usize::try_from(listing.offset.unwrap_or(0)).unwrap_or(usize::MAX))
            .take(listing.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
    }

    /// Stores a record in the table (`None`: removes it), without a change; returns the previous one.
    fn place(&mut self, key: &str, record: Option<Arc<Record>>) -> Option<Arc<Record>> {
        let due = |record: &Record| Some(map::key(&[&record.deadline?.to_be_bytes(), key.as_bytes()]));
        let old = self.get(key).cloned();
        if let Some(due) = old.as_deref().and_then(due) {
            self.deadlines.remove(&due);
        }
        match record {
            Some(record) => {
                if let Some(due) = due(&record) {
                    self.deadlines.insert(due, Thing::Number(0));
                }
                self.table.insert(key.as_bytes().into(), Thing::Record(record));
            }
            None => {
                self.table.remove(key.as_bytes());
            }
        }
        old
    }

    /// The record that expires first, and when.
    fn first_due(&self) -> Option<(u64, String)> {
        let (due, _) = self.deadlines.first_key_value()?;
        let (deadline, key) = due.split_first_chunk()?;
        Some((u64::from_be_bytes(*deadline), str::from_utf8(key).ok()?.to_owned()))
    }

    /// Removes a record, and adds a change.
    fn remove(&mut self, key: &str, at: u64) {
        let Some(old) = self.place(key, None) else { return };
        let seq = self.draw();
        self.changes.push(seq, Action::Delete, at, Arc::clone(&old));
        if let Some(journal) = &mut self.journal {
            journal.push(Undo { record: Arc::clone(&old), before: Some(old) });
        }
    }
}

/// The arguments of a write.
pub(super) struct Write<'a> {
    pub key: &'a str,
    /// -1: any; 0: only if the record does not exist; otherwise only if the record has this version.
    pub version: i64,
    pub value: &'a [u8],
    pub kind: Option<&'a str>,
    pub expiry: Expiry,
    /// Whether the value is a merge patch.
    pub is_patch: bool,
}

impl<'a> Write<'a> {
    pub fn new(key: &'a Key, version: i64, value: &'a [u8], kind: Option<&'a str>, expiry: Expiry) -> Self {
        Write { key: key.as_str(), version, value, kind, expiry, is_patch: false }
    }

    /// The value is a merge patch.
    pub fn patch(self) -> Self {
        Write { is_patch: true, ..self }
    }
}

impl Engine {
    /// Removes expired records; every command on records begins with this.
    pub(super) fn expire_records(&mut self, command: &Command, tick: &Tick) -> Result<()> {
        if self.records.deadlines.is_empty() || !command.row().is_on_records() {
            return Ok(());
        }
        let now = self.now(tick)?;
        // The change weighs as much as the entry did.
        while let Some((deadline, key)) = self.records.first_due()
            && deadline <= now
        {
            self.records.remove(&key, deadline);
        }
        Ok(())
    }

    /// Writes a record, if it has the expected version. O(log n + length of the value).
    pub(super) fn write_record(&mut self, write: &Write, tick: &Tick) -> Result<Arc<Record>> {
        let now = self.now(tick)?;
        let old = self.records.get(write.key).cloned();
        check_version(old.as_deref(), write.version)?;
        let value = match write.is_patch {
            true => json::merge(old.as_ref().map_or("{}", |old| &old.value), json::checked(write.value)?)?,
            false => json::checked(write.value)?.to_owned(),
        };
        check_value_length(value.len())?;
        let kept = old.as_ref().and_then(|old| old.deadline);
        let deadline = match write.expiry {
            Expiry::Keep => kept,
            Expiry::Unstated if write.is_patch => kept,
            // The key does not matter: it is only looked up for `Keep`, which is handled above.
            expiry => self.deadline_for(expiry, b"", tick)?,
        };
        let kind = match (write.kind, &old) {
            (None, Some(old)) if write.is_patch => old.kind.clone(),
            (kind, _) => kind.map(Box::from),
        };
        let mut record = Record {
            key: write.key.into(),
            version: old.as_ref().map_or(0, |old| old.version).saturating_add(1),
            stamp: 0,
            kind,
            created: old.as_ref().map_or(now, |old| old.created),
            updated: now,
            deadline,
            value: value.into(),
        };
        let weight = record.weight();
        let freed = old.as_ref().map_or(0, |old| old.weight());
        // Once for the table and once for the stream.
        let added = weight.saturating_mul(2);
        self.reserve(added.saturating_sub(freed), 0)?;
        self.used_bytes = self.used_bytes.saturating_add(added).saturating_sub(freed);
        record.stamp = self.records.draw();
        let record = Arc::new(record);
        let action = if old.is_some() { Action::Update } else { Action::Create };
        self.records.changes.push(record.stamp, action, now, Arc::clone(&record));
        self.records.place(write.key, Some(Arc::clone(&record)));
        if let Some(journal) = &mut self.records.journal {
            journal.push(Undo { record: Arc::clone(&record), before: old });
        }
        Ok(record)
    }

    /// Removes records; returns how many existed. Their weight moves to their changes.
    fn delete_records<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>, tick: &Tick) -> Result<i64> {
        let now = self.now(tick)?;
        let mut count = 0_i64;
        for key in keys {
            if self.records.get(key).is_some() {
                self.records.remove(key, now);
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }

    /// Removes the records that match a listing; returns how many there were.
    pub(super) fn delete_listed(&mut self, listing: &Listing, tick: &Tick) -> Result<i64> {
        let doomed: Vec<Arc<Record>> = self.records.within(listing).cloned().collect();
        self.delete_records(doomed.iter().map(|record| &*record.key), tick)
    }

    /// Runs mutations atomically: if one fails, nothing has changed.
    fn all_or_nothing<R>(&mut self, run: impl FnOnce(&mut Engine) -> Result<R>) -> Result<R> {
        let (used, drawn) = (self.used_bytes, self.records.drawn);
        let changes = self.records.changes.mark();
        let tasks = self.records.tasks.mark();
        self.records.journal = Some(Vec::new());
        let result = run(self);
        let journal = self.records.journal.take().unwrap_or_default();
        if result.is_err() {
            for Undo { record, before: old } in journal.into_iter().rev() {
                self.records.place(&record.key, old);
            }
            self.records.changes.undo(changes);
            self.records.tasks.undo(tasks);
            self.records.drawn = drawn;
            // Request room for all of it.
            let grown = self.used_bytes.saturating_sub(used);
            self.wanted.0 = self.wanted.0.saturating_add(grown);
            self.used_bytes = used;
        }
        result
    }

    /// Removes everything with this prefix: records, changes, consumers, locks and tasks. Later changes still get new
    /// numbers.
    pub(super) fn flush_records(&mut self, prefix: &str) {
        let records = &mut self.records;
        let mut freed = 0_usize;
        let mut free = |bytes: usize| freed = freed.saturating_add(bytes);
        let doomed: Vec<Arc<Record>> =
            records.within(&Listing { prefix: Some(prefix), ..Listing::default() }).cloned().collect();
        for record in doomed {
            free(record.weight());
            records.place(&record.key, None);
        }
        free(records.changes.trim(u64::MAX, prefix).1);
        free(records.locks.flush(prefix));
        free(records.holders.flush(prefix));
        for (name, _) in map::take_if(&mut records.consumers, &|name, _| name.starts_with(prefix.as_bytes()))
        {
            free(locks::weight(&name, ""));
        }
        free(records.tasks.flush(prefix));
        self.used_bytes = self.used_bytes.saturating_sub(freed);
    }
}

fn check_version(old: Option<&Record>, expected: i64) -> Result<()> {
    if expected < -1 {
        return Err(Error::invalid_argument(
            "(version) expects -1 (any), 0 (none yet) or a record's version",
        ));
    }
    let found = old.map_or(0, |old| old.version);
    if expected == -1 || expected.unsigned_abs() == found {
        return Ok(());
    }
    let found = match found {
        0 => "there is no such record".to_owned(),
        found => ["the record has version ", &found.to_string()].concat(),
    };
    Err(Error::new(Kind::Conflict, ["(version) does not match: ", &found].concat()))
}
