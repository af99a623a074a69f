// Changes of records: puts, patches and deletions, alone and as a transaction. How the rows are stored does not matter
// here.

use super::restore::Restored;
use super::storage::{Listing, Storage};
use super::tasks::NewTask;
use super::{Change, Record, json};
use crate::command::{Action, Command, Expiry, Key};
use crate::engine::expiry::deadline_of;
use crate::engine::{Tick, check_value_length};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

/// The records with this prefix; `*` means all.
fn under(prefix: &str) -> Listing<'_> {
    Listing::under(if prefix == "*" { "" } else { prefix })
}

/// The arguments of a write.
pub(super) struct Write<'a> {
    key: &'a str,
    /// -1: any; 0: only if the record does not exist; otherwise only if the record has this version.
    version: i64,
    value: &'a [u8],
    kind: Option<&'a str>,
    expiry: Expiry,
    /// Whether the value is a merge patch.
    is_patch: bool,
}

impl<'a> Write<'a> {
    /// The arguments of a command that writes a record.
    pub fn of(command: &'a Command) -> Option<Write<'a>> {
        let is_patch = matches!(command, Command::RecordsPatch { .. });
        let (Command::RecordsPut { key, version, value, kind, expiry }
        | Command::RecordsPatch { key, version, value, kind, expiry }) = command
        else {
            return None;
        };
        let kind = kind.as_deref();
        Some(Write { key: key.as_str(), version: *version, value, kind, expiry: *expiry, is_patch })
    }
}

impl dyn Storage + '_ {
    /// Removes expired records; every command on records begins with this. None may be left: lists, counts and versions
    /// would show them, and what depends on their end would come before it in the stream. A store where that would keep
    /// others waiting removes most of them before, in steps.
    pub(crate) fn expire_records(&mut self, tick: &Tick) -> Result<()> {
        self.expire_some(usize::MAX, tick).map(drop)
    }

    /// Removes the records that expired first, up to so many. Returns whether there may be more.
    pub(crate) fn expire_some(&mut self, most: usize, tick: &Tick) -> Result<bool> {
        for _ in 0..most {
            // The change weighs as much as the entry did.
            let Some(record) = self.expired(tick)? else { return Ok(false) };
            self.remove(&record, record.deadline.unwrap_or(0))?;
        }
        Ok(true)
    }

    /// Removes a record, and adds a change.
    fn remove(&mut self, record: &Arc<Record>, at: u64) -> Result<()> {
        let seq = self.draw()?;
        self.change(Change { seq, action: Action::Delete, at, record: Arc::clone(record) })
    }

    /// Writes a record, if it has the expected version. O(log n + length of the value).
    pub(super) fn write_record(&mut self, write: &Write, tick: &Tick) -> Result<Arc<Record>> {
        let now = tick.now()?;
        let old = self.record(write.key)?;
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
            expiry => deadline_of(expiry, tick)?,
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
        let (weight, freed) = (record.weight(), old.as_ref().map_or(0, |old| old.weight()));
        // Once for the table and once for the stream.
        self.reserve(weight, weight.saturating_mul(2).saturating_sub(freed))?;
        record.stamp = self.draw()?;
        let record = Arc::new(record);
        let action = if old.is_some() { Action::Update } else { Action::Create };
        self.change(Change { seq: record.stamp, action, at: now, record: Arc::clone(&record) })?;
        Ok(record)
    }

    /// Removes records; returns how many existed.
    pub(super) fn delete_records(&mut self, keys: &[Key], tick: &Tick) -> Result<i64> {
        let now = tick.now()?;
        let mut count = 0_i64;
        for key in keys {
            if let Some(record) = self.record(key.as_str())? {
                self.remove(&record, now)?;
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }

    /// Removes the records that match a listing; returns how many there were.
    pub(super) fn delete_listed(&mut self, listing: &Listing, tick: &Tick) -> Result<i64> {
        let now = tick.now()?;
        let mut doomed = Vec::new();
        self.each_record(listing, &mut |record| {
            doomed.push(Arc::clone(record));
            Ok(())
        })?;
        for record in &doomed {
            self.remove(record, now)?;
        }
        Ok(i64::try_from(doomed.len()).unwrap_or(i64::MAX))
    }

    /// Runs mutations, all or none; returns the number of rows that each has affected.
    pub(super) fn mutate(&mut self, mutations: &[Command], tick: &Tick) -> Result<Vec<i64>> {
        for task in mutations.iter().filter_map(NewTask::of) {
            self.end_lost(task.unique, tick)?;
        }
        let mut rows = Vec::with_capacity(mutations.len());
        self.savepoint(&mut |storage| {
            rows.clear();
            for (index, mutation) in mutations.iter().enumerate() {
                let affected = storage.mutate_one(mutation, tick);
                rows.push(affected.map_err(|error| named(index, mutation, &error))?);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    fn mutate_one(&mut self, mutation: &Command, tick: &Tick) -> Result<i64> {
        if let Some(write) = Write::of(mutation) {
            return self.write_record(&write, tick).map(|_| 1);
        }
        if let Some(restored) = Restored::of(mutation) {
            return self.restore_record(&restored, tick).map(|_| 1);
        }
        if matches!(mutation, Command::TasksRestore { .. }) {
            return self.restore_task(mutation, tick).map(|_| 1);
        }
        if let Some(task) = NewTask::of(mutation) {
            return self.create_task(&task, tick).map(|(_, is_new)| i64::from(is_new));
        }
        match self.delete(mutation, tick) {
            Some(count) => count,
            None => Err(Error::invalid_argument("expects a change of records, or a new task")),
        }
    }

    /// Runs a command that deletes records; `None` if it is another.
    pub(super) fn delete(&mut self, command: &Command, tick: &Tick) -> Option<Result<i64>> {
        Some(match command {
            Command::RecordsDelete { keys } => self.delete_records(keys, tick),
            Command::RecordsDeletePrefix { prefix, offset, limit } => {
                self.delete_listed(&Listing { offset: *offset, limit: *limit, ..under(prefix) }, tick)
            }
            Command::RecordsDeleteRange { start, end, offset, limit } => {
                let (start, end) = (Some(start.as_str()), Some(end.as_str()));
                let listing = Listing { start, end, offset: *offset, limit: *limit, ..Listing::default() };
                self.delete_listed(&listing, tick)
            }
            _ => return None,
        })
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

/// The error with a message that names the failed mutation.
fn named(index: usize, mutation: &Command, error: &Error) -> Error {
    let place = ["(mutations) item ", &(index as u64).to_string(), ", ", mutation.name(), ", "].concat();
    Error::new(error.kind(), [&place, error.message()].concat())
}
