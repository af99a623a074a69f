// The form of records, changes, locks and tasks in replies: a fixed number of fields each, in this order. No knowledge
// of commands. They are read in `operations/records`, and in JavaScript in `records/rows.ts`.

use super::locks::Lock;
use super::tasks::Task;
use super::{Change, Record};
use crate::engine::reply::Gather;

fn number(gather: &mut Gather, number: impl Into<Option<u64>>) {
    gather.push(number.into().map(|number| number.to_string()).as_deref().map(str::as_bytes));
}

fn text<'a>(gather: &mut Gather, text: impl Into<Option<&'a str>>) {
    gather.push(text.into().map(str::as_bytes));
}

/// key, version, stamp, type, created, updated, deadline.
pub(super) fn head(gather: &mut Gather, record: &Record) {
    text(gather, &*record.key);
    number(gather, record.version);
    number(gather, record.stamp);
    text(gather, record.kind.as_deref());
    number(gather, record.created);
    number(gather, record.updated);
    number(gather, record.deadline);
}

/// The head, and the value.
pub(super) fn record(gather: &mut Gather, record: &Record) {
    head(gather, record);
    text(gather, &*record.value);
}

/// A record's fields, all missing.
pub(super) fn no_record(gather: &mut Gather) {
    (0..8).for_each(|_| gather.push(None));
}

/// seq, action, at, and the record.
pub(super) fn change(gather: &mut Gather, change: &Change) {
    number(gather, change.seq);
    text(gather, change.action.name());
    number(gather, change.at);
    record(gather, &change.record);
}

/// owner, token, acquired, until.
pub(super) fn lock(gather: &mut Gather, lock: Option<&Lock>) {
    text(gather, lock.map(|lock| &*lock.owner));
    number(gather, lock.map(|lock| lock.token));
    number(gather, lock.map(|lock| lock.acquired));
    number(gather, lock.map(|lock| lock.until));
}

/// position, latest, and the lock.
pub(super) fn consumer(gather: &mut Gather, position: u64, latest: u64, held: Option<&Lock>) {
    number(gather, position);
    number(gather, latest);
    lock(gather, held);
}

/// name, position.
pub(super) fn position(gather: &mut Gather, name: &str, position: u64) {
    text(gather, name);
    number(gather, position);
}

/// id, name, unique, payload, status, created, due, started, ended, tries, max retries, timeout, priority, error, worker,
/// token, until.
pub(super) fn task(gather: &mut Gather, task: &Task) {
    text(gather, &*task.id);
    text(gather, &*task.name);
    text(gather, task.unique.as_deref());
    text(gather, &*task.payload);
    text(gather, task.status.name());
    number(gather, task.created);
    number(gather, task.due);
    number(gather, task.started);
    number(gather, task.ended);
    number(gather, task.tries);
    number(gather, task.max_retries);
    number(gather, task.timeout);
    text(gather, task.priority.to_string().as_str());
    text(gather, task.error.as_deref());
    text(gather, task.worker.as_deref());
    number(gather, task.token);
    number(gather, task.until);
}
