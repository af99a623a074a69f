// Queries, writes and rows of records, and of what is built on them, as arrays for JavaScript
// (pkg/src/net/indexeddb/queries.ts, writes.ts and rows.ts). What JavaScript returns is not trusted.

use std::sync::Arc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use omnikv::backend::cells::{
    Change, EXPIRED_AT_ONCE, Lock, Query, Record, RecordCommit, RecordWrite, Rows, Space, Task,
};
use omnikv::command::{Action, TaskStatus};
use omnikv_js::request::leaves_room;

use super::number;

fn optional(given: Option<impl Into<JsValue>>) -> JsValue {
    given.map_or(JsValue::NULL, Into::into)
}

fn optional_number(given: Option<u64>) -> JsValue {
    given.map_or(JsValue::NULL, number)
}

fn space(space: Space) -> JsValue {
    match space {
        Space::Lock => "lock",
        Space::Consumer => "consumer",
    }
    .into()
}

/// A query: its name and its arguments.
pub(super) fn query(query: &Query) -> Array {
    let named = |name: &str, rest: &[JsValue]| Array::of1(&name.into()).concat(&rest.iter().collect());
    let range = |start: &String, end: &Option<String>| [JsValue::from(start), optional(end.as_ref())];
    match query {
        Query::Record { key } => named("record", &[key.into()]),
        Query::Records { start, end, kind, offset, limit } => {
            let [start, end] = range(start, end);
            named("records", &[start, end, optional(kind.as_ref()), number(*offset), number(*limit)])
        }
        Query::CountRecords { start, end, kind } => {
            let [start, end] = range(start, end);
            named("countRecords", &[start, end, optional(kind.as_ref())])
        }
        Query::Expired => named("expired", &[number(EXPIRED_AT_ONCE)]),
        Query::Changes { from, start, end, kind, limit } => {
            let [start, end] = range(start, end);
            named("changes", &[number(*from), start, end, optional(kind.as_ref()), number(*limit)])
        }
        Query::CountChanges { before, start, end } => {
            let [start, end] = range(start, end);
            named("countChanges", &[number(*before), start, end])
        }
        Query::Latest => named("latest", &[]),
        Query::Lock { space: of, name } => named("lock", &[space(*of), name.into()]),
        Query::Position { name } => named("position", &[name.into()]),
        Query::Positions { start, end } => named("positions", &range(start, end)),
        Query::Task { id } => named("task", &[id.into()]),
        Query::TaskAhead { prefix, ahead } => named("taskAhead", &[prefix.into(), number(*ahead)]),
        Query::TaskOfUnique { unique } => named("taskOfUnique", &[unique.into()]),
        Query::NextTasks { name, limit } => named("nextTasks", &[name.into(), number(*limit)]),
        Query::LostTasks { name } => named("lostTasks", &[name.into()]),
        Query::Tasks { start, end, status, name, offset, limit } => {
            let [start, end] = range(start, end);
            let status = optional(status.map(TaskStatus::name));
            let rest = [start, end, status, optional(name.as_ref()), number(*offset), number(*limit)];
            named("tasks", &rest)
        }
        Query::CountTasks { before, start, end } => {
            let [start, end] = range(start, end);
            named("countTasks", &[number(*before), start, end])
        }
    }
}

/// The writes of a commit whose numbers are the database's, with its counters.
pub(super) fn writes(commit: &RecordCommit) -> Array {
    let writes: Array = commit.writes.iter().map(write).collect();
    let counter = |name: &str, value| Array::of3(&"number".into(), &name.into(), &number(value));
    if commit.drawn > 0 {
        writes.push(&counter("sequence", commit.base.saturating_add(commit.drawn)));
    }
    if let Some(latest) = commit.latest {
        writes.push(&counter("latest", latest));
    }
    writes
}

fn write(write: &RecordWrite) -> Array {
    let name = |name: &str| JsValue::from(name);
    match write {
        RecordWrite::TrimChanges { before, start, end } => {
            Array::of4(&name("trimChanges"), &number(*before), &start.into(), &optional(end.as_ref()))
        }
        RecordWrite::TrimTasks { before, start, end } => {
            Array::of4(&name("trimTasks"), &number(*before), &start.into(), &optional(end.as_ref()))
        }
        RecordWrite::Record(record) => Array::of2(&name("record"), &fields_of_record(record)),
        RecordWrite::RemoveRecord { key } => Array::of2(&name("removeRecord"), &key.into()),
        RecordWrite::Change(change) => Array::of2(&name("change"), &fields_of_change(change)),
        RecordWrite::Lock { space: of, name: called, lock } => {
            Array::of4(&name("lock"), &space(*of), &called.into(), &fields_of_lock(lock))
        }
        RecordWrite::RemoveLock { space: of, name: called } => {
            Array::of3(&name("removeLock"), &space(*of), &called.into())
        }
        RecordWrite::Position { name: called, seq } => {
            Array::of3(&name("position"), &called.into(), &number(*seq))
        }
        RecordWrite::RemovePosition { name: called } => Array::of2(&name("removePosition"), &called.into()),
        RecordWrite::Task { task, generated: _ } => Array::of2(&name("task"), &fields_of_task(task)),
        RecordWrite::RemoveTask { number: of } => Array::of2(&name("removeTask"), &number(*of)),
        RecordWrite::Flush { start, end } => {
            Array::of3(&name("flush"), &start.into(), &optional(end.as_ref()))
        }
    }
}

fn fields_of_record(record: &Record) -> Array {
    [
        JsValue::from(&*record.key),
        number(record.version),
        number(record.stamp),
        optional(record.kind.as_deref()),
        number(record.created),
        number(record.updated),
        optional_number(record.deadline),
        JsValue::from(&*record.value),
    ]
    .iter()
    .collect()
}

fn fields_of_change(change: &Change) -> Array {
    let head = Array::of3(&number(change.seq), &change.action.name().into(), &number(change.at));
    head.concat(&fields_of_record(&change.record))
}

fn fields_of_lock(lock: &Lock) -> Array {
    Array::of4(&(&*lock.owner).into(), &number(lock.token), &number(lock.acquired), &number(lock.until))
}

fn fields_of_task(task: &Task) -> Array {
    [
        number(task.number),
        JsValue::from(&*task.id),
        JsValue::from(&*task.name),
        optional(task.unique.as_deref()),
        JsValue::from(&*task.payload),
        task.status.name().into(),
        number(task.created),
        number(task.due),
        optional_number(task.started),
        optional_number(task.ended),
        number(task.tries),
        number(task.max_retries),
        optional_number(task.timeout),
        JsValue::from_f64(task.priority as f64),
        optional(task.error.as_deref()),
        optional(task.worker.as_deref()),
        optional_number(task.token),
        optional_number(task.until),
    ]
    .iter()
    .collect()
}

/// Reads what a query has found.
pub(super) fn found(query: &Query, found: &JsValue) -> Option<Rows> {
    fn all<T>(found: &JsValue, read: fn(&mut Columns) -> Option<T>) -> Option<Vec<T>> {
        found.dyn_ref::<Array>()?.iter().map(|row| read(&mut Columns::of(&row)?)).collect()
    }
    Some(match query {
        Query::Record { .. } | Query::Records { .. } | Query::Expired => {
            Rows::Records(all(found, |row| row.record().map(Arc::new))?)
        }
        Query::Changes { .. } => Rows::Changes(all(found, Columns::change)?),
        Query::Task { .. }
        | Query::TaskAhead { .. }
        | Query::TaskOfUnique { .. }
        | Query::NextTasks { .. }
        | Query::LostTasks { .. }
        | Query::Tasks { .. } => Rows::Tasks(all(found, |row| row.task().map(Arc::new))?),
        Query::Positions { .. } => Rows::Positions(all(found, |row| Some((row.text()?, row.number()?)))?),
        Query::Lock { .. } if found.is_null() => Rows::Lock(None),
        Query::Lock { .. } => Rows::Lock(Some(Columns::of(found)?.lock()?)),
        Query::CountRecords { .. }
        | Query::CountChanges { .. }
        | Query::Latest
        | Query::Position { .. }
        | Query::CountTasks { .. } => Rows::Number(found.as_f64().map(|number| number as u64)),
    })
}

/// The columns of a row, in order.
struct Columns {
    row: Array,
    next: u32,
}

impl Columns {
    fn of(row: &JsValue) -> Option<Columns> {
        Some(Columns { row: row.dyn_ref::<Array>()?.clone(), next: 0 })
    }

    fn column(&mut self) -> JsValue {
        let column = self.row.get(self.next);
        self.next += 1;
        column
    }

    fn text<T: From<String>>(&mut self) -> Option<T> {
        let column = self.column();
        // A UTF-16 unit becomes at most three bytes.
        let most = (column.dyn_ref::<JsString>()?.length() as usize).saturating_mul(3);
        leaves_room(most).then(|| column.as_string()).flatten().map(T::from)
    }

    fn signed(&mut self) -> Option<i64> {
        self.column().as_f64().map(|number| number as i64)
    }

    fn number(&mut self) -> Option<u64> {
        self.column().as_f64().map(|number| number as u64)
    }

    /// The column, or `None` if it is null.
    fn optional<T>(&mut self, read: fn(&mut Columns) -> Option<T>) -> Option<Option<T>> {
        if self.row.get(self.next).is_null() {
            self.next += 1;
            return Some(None);
        }
        read(self).map(Some)
    }

    fn record(&mut self) -> Option<Record> {
        Some(Record {
            key: self.text()?,
            version: self.number()?,
            stamp: self.number()?,
            kind: self.optional(Columns::text)?,
            created: self.number()?,
            updated: self.number()?,
            deadline: self.optional(Columns::number)?,
            value: self.text()?,
        })
    }

    fn change(&mut self) -> Option<Change> {
        Some(Change {
            seq: self.number()?,
            action: Action::from_name(&self.text::<String>()?)?,
            at: self.number()?,
            record: Arc::new(self.record()?),
        })
    }

    fn lock(&mut self) -> Option<Lock> {
        Some(Lock {
            owner: self.text()?,
            token: self.number()?,
            acquired: self.number()?,
            until: self.number()?,
        })
    }

    fn task(&mut self) -> Option<Task> {
        Some(Task {
            number: self.number()?,
            id: self.text()?,
            name: self.text()?,
            unique: self.optional(Columns::text)?,
            payload: self.text()?,
            status: TaskStatus::from_name(&self.text::<String>()?)?,
            created: self.number()?,
            due: self.number()?,
            started: self.optional(Columns::number)?,
            ended: self.optional(Columns::number)?,
            tries: self.number()?,
            max_retries: self.number()?,
            timeout: self.optional(Columns::number)?,
            priority: self.signed()?,
            error: self.optional(Columns::text)?,
            worker: self.optional(Columns::text)?,
            token: self.optional(Columns::number)?,
            until: self.optional(Columns::number)?,
        })
    }
}
