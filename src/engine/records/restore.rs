// Records and tasks as they were in another store: what a copy writes. How the rows are stored does not matter here.

use super::storage::Storage;
use super::tasks::{RETRIES, Task, shortened};
use super::{Change, Record, json};
use crate::command::{Action, Command, Expiry, TaskStatus};
use crate::engine::expiry::deadline_of;
use crate::engine::{Tick, check_value_length};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

/// The arguments for a record that is restored.
pub(super) struct Restored<'a> {
    key: &'a str,
    version: u64,
    created: u64,
    updated: u64,
    value: &'a [u8],
    kind: Option<&'a str>,
    expiry: Expiry,
}

impl<'a> Restored<'a> {
    /// The arguments of a command that restores a record.
    pub fn of(command: &'a Command) -> Option<Restored<'a>> {
        let &Command::RecordsRestore { ref key, version, created, updated, ref value, ref kind, expiry } =
            command
        else {
            return None;
        };
        Some(Restored { key: key.as_str(), version, created, updated, value, kind: kind.as_deref(), expiry })
    }
}

fn taken(message: &str) -> Error {
    Error::new(Kind::Conflict, message)
}

impl dyn Storage + '_ {
    /// Writes a record that does not exist, with its version and moments. Its stamp is new, because it is the number of a
    /// change of this store. O(log n + length of the value).
    pub(super) fn restore_record(&mut self, restored: &Restored, tick: &Tick) -> Result<Arc<Record>> {
        let now = tick.now()?;
        if self.record(restored.key)?.is_some() {
            return Err(taken("(key) expects one that no record has"));
        }
        let value = json::checked(restored.value)?;
        check_value_length(value.len())?;
        let mut record = Record {
            key: restored.key.into(),
            version: restored.version,
            stamp: 0,
            kind: restored.kind.map(Box::from),
            created: restored.created,
            updated: restored.updated,
            deadline: deadline_of(restored.expiry, tick)?,
            value: value.into(),
        };
        let weight = record.weight();
        // Once for the table and once for the stream.
        self.reserve(weight, weight.saturating_mul(2))?;
        record.stamp = self.draw()?;
        let record = Arc::new(record);
        let (seq, action) = (record.stamp, Action::Create);
        self.change(Change { seq, action, at: now, record: Arc::clone(&record) })?;
        Ok(record)
    }

    /// Creates a task in a state that it had elsewhere. A worker that has it there has it here until its lock ends, under a
    /// token that nobody knows. O(log n).
    pub(super) fn restore_task(&mut self, command: &Command, tick: &Tick) -> Result<Arc<Task>> {
        let Command::TasksRestore { id, name, status, payload, unique, state } = command else {
            return Err(Error::new(Kind::Internal, "restores no task"));
        };
        let now = tick.now()?;
        let payload =
            json::checked(payload).map_err(|_| Error::invalid_argument("(payload) expects JSON"))?;
        if self.task(id.as_str())?.is_some() {
            return Err(taken("(id) expects one that no task has"));
        }
        let is_running = *status == TaskStatus::Running;
        let is_open = is_running || *status == TaskStatus::Pending;
        if let Some(unique) = unique
            && is_open
            && self.task_of_unique(unique.as_str())?.is_some()
        {
            return Err(taken("(unique) expects a text that no unfinished task has"));
        }
        let mut task = Task {
            number: 0,
            id: id.as_str().into(),
            name: name.as_str().into(),
            payload: payload.into(),
            status: *status,
            created: state.created.unwrap_or(now),
            due: state.due.unwrap_or(now),
            started: state.started,
            ended: (!is_open).then(|| state.ended.unwrap_or(now)),
            tries: state.tries.unwrap_or(0).max(u64::from(is_running)),
            max_retries: state.max_retries.unwrap_or(RETRIES),
            timeout: state.timeout,
            unique: unique.as_ref().map(|unique| unique.as_str().into()),
            priority: state.priority.unwrap_or(0),
            error: state.error.as_deref().map(|error| shortened(error).into()),
            worker: state.worker.as_deref().map(Box::from),
            token: None,
            until: is_running.then(|| state.until.unwrap_or(now)),
        };
        let weight = task.weight();
        self.reserve(weight, weight)?;
        task.number = self.draw()?;
        if is_running {
            task.token = Some(self.draw()?);
        }
        let task = Arc::new(task);
        self.put_task(Arc::clone(&task))?;
        Ok(task)
    }
}
