// Records, and what is built on them: queries and writes as statements, rows as values. What they mean is the engine's
// business.

use super::entries::{Call, read_cell};
use super::session::{Parameter, Session, Step, step};
use super::sql::{self, queries, records};
use crate::backend::BoxFuture;
use crate::backend::cells::{
    Asked, Change, Commit, EXPIRED_AT_ONCE, LoadedRows, Lock, Query, Record, RecordCommit, RecordWrite, Rows,
    Task,
};
use crate::command::{Action, TaskStatus};
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

/// What is known of a commit that may be lost on its way.
#[derive(Default)]
pub(super) struct Progress {
    /// 0 while it is unknown.
    transaction: AtomicI64,
    /// One more than the last number of the sequence before it; 0 while that is unknown.
    draws_from: AtomicI64,
}

impl Progress {
    /// The number of the transaction.
    pub fn transaction(&self) -> Option<i64> {
        Some(self.transaction.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }

    /// The last number of the sequence before it.
    pub fn drawn_before(&self) -> Option<u64> {
        u64::try_from(self.draws_from.load(Ordering::Relaxed) - 1).ok()
    }
}

/// Begins a transaction that sees one moment.
const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const BEGIN: &str = "BEGIN";
const COMMIT: &str = "COMMIT";

/// Entries, the rows of each query, and the last number of the sequence.
pub(super) fn load(
    session: &mut Session,
    asked: Arc<Asked>,
    now_ms: u64,
) -> BoxFuture<'_, Result<LoadedRows>> {
    Box::pin(async move {
        let keys: Vec<String> = asked.keys.iter().map(|key| stored(key.as_str())).collect();
        let mut steps = vec![step!(BEGIN_LOOK), step!(sql::LOAD, keys), step!(records::DRAWN)];
        let before = steps.len();
        for query in &asked.queries {
            let (query, parameters) = statements(query, now_ms);
            steps.push(Step { text: query.load, parameters });
        }
        steps.push(step!(COMMIT));
        let answers = session.pipeline(&steps, |_, _| ()).await?;
        let mut found = answers[1].iter().map(read_cell).collect::<Result<BTreeMap<_, _>>>()?;
        let rows = asked.queries.iter().zip(&answers[before..]).map(|(query, rows)| read(query, rows));
        Ok(LoadedRows {
            cells: asked.keys.iter().map(|key| found.remove(key.as_str())).collect(),
            rows: rows.collect::<Result<_>>()?,
            drawn: unsigned(answers[2].first().ok_or_else(super::unreadable)?, 0)?,
            now_ms: None,
        })
    })
}

/// Records by their stored keys, those that have expired, and the last number of the sequence.
pub(super) async fn points(session: &mut Session, keys: &[String], now_ms: u64) -> Result<Points> {
    let rows =
        session.query(sql::queries::POINTS, &[&keys, &clamped(now_ms), &clamped(EXPIRED_AT_ONCE)]).await?;
    let mut points = Points::default();
    for row in &rows {
        match column::<i32>(row, 0)? {
            0 => points.records.push(Arc::new(record(row, 1)?)),
            1 => points.expired.push(Arc::new(record(row, 1)?)),
            _ => points.drawn = unsigned(row, 3)?,
        }
    }
    points.records.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(points)
}

/// What most commands need.
#[derive(Default)]
pub(super) struct Points {
    /// In the order of their keys.
    records: Vec<Arc<Record>>,
    expired: Vec<Arc<Record>>,
    pub drawn: u64,
}

impl Points {
    /// The rows of one of the queries that [`points`] answers.
    pub fn rows(&self, query: &Query, now_ms: u64) -> Rows {
        match query {
            Query::Record { key } => {
                let found = self.records.binary_search_by(|record| (*record.key).cmp(key.as_str()));
                Rows::Records(found.ok().map(|place| Arc::clone(&self.records[place])).into_iter().collect())
            }
            _ => {
                let is_due =
                    |record: &&Arc<Record>| record.deadline.is_some_and(|deadline| deadline <= now_ms);
                Rows::Records(self.expired.iter().take_while(is_due).cloned().collect())
            }
        }
    }
}

/// Commits entries and rows, if nothing has changed that they depend on; otherwise the error is `conflict`. Returns the last
/// number of the sequence before it, if it draws numbers.
pub(super) fn commit(
    session: &mut Session,
    entries: Arc<Commit>,
    version: u64,
    rows: Arc<RecordCommit>,
    progress: Arc<Progress>,
) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async move {
        let mut steps = vec![step!(BEGIN), step!(records::TRANSACTION)];
        if !entries.checks.is_empty() || !entries.writes.is_empty() {
            let mut call = Call::default();
            call.add(0, &entries, version);
            steps.push(Step { text: records::COMMIT_ALL, parameters: call.into_parameters() });
        }
        steps.push(step!(records::EXCLUDE));
        check(&rows, &mut steps);
        let draw = steps.len();
        let drawn = clamped(rows.drawn);
        if drawn > 0 {
            let latest = rows.latest.and_then(|latest| rows.ahead(latest)).map(clamped);
            steps.push(step!(records::DRAW, drawn, latest));
        }
        write(&rows, drawn, &mut steps);
        steps.push(step!(COMMIT));
        progress.transaction.store(0, Ordering::Relaxed);
        let seen = |step: usize, rows: &[Row]| {
            let number = || rows.first().and_then(|row| row.try_get::<_, i64>(0).ok());
            if step == 1 {
                progress.transaction.store(number().unwrap_or(0), Ordering::Relaxed);
            } else if step == draw && drawn > 0 {
                progress.draws_from.store(number().map_or(0, |number| number + 1), Ordering::Relaxed);
            }
        };
        session.pipeline(&steps, seen).await?;
        Ok(progress.drawn_before().unwrap_or(0))
    })
}

/// What the server says of a transaction; `None` if it was too long ago.
pub(super) fn outcome(session: &mut Session, transaction: i64) -> BoxFuture<'_, Result<Option<String>>> {
    Box::pin(async move {
        let rows = session.query(records::OUTCOME, &[&transaction]).await?;
        rows.first().map_or(Ok(None), |row| column(row, 0))
    })
}

/// The checks: those of single records as one statement.
fn check(rows: &RecordCommit, steps: &mut Vec<Step>) {
    let (mut keys, mut stamps) = (Vec::new(), Vec::new());
    for (query, fingerprint) in &rows.checks {
        if let Query::Record { key } = query {
            keys.push(stored(key));
            stamps.push(fingerprint.parse::<i64>().ok());
            continue;
        }
        let (query, mut parameters) = statements(query, rows.now_ms);
        parameters.push(Box::new(fingerprint.clone()));
        steps.push(Step { text: query.check, parameters });
    }
    if !keys.is_empty() {
        steps.push(step!(records::CHECK_RECORDS, keys, stamps));
    }
}

/// The writes: those of the same kind that follow each other as one statement.
fn write(rows: &RecordCommit, drawn: i64, steps: &mut Vec<Step>) {
    // Numbers that this commit draws are negative. A commit that draws none does not know the last one.
    let number = |number: u64| match rows.ahead(number) {
        Some(ahead) if drawn > 0 => -clamped(ahead),
        _ => clamped(number),
    };
    for group in rows.writes.chunk_by(is_same_kind) {
        let each_record = || {
            group
                .iter()
                .filter_map(|write| if let RecordWrite::Record(record) = write { Some(record) } else { None })
        };
        match &group[0] {
            RecordWrite::TrimChanges { before, start, end } => {
                steps.push(step!(records::KEEP_LATEST));
                steps.push(step!(records::TRIM_CHANGES, clamped(*before), stored(start), end_of(end)));
            }
            RecordWrite::TrimTasks { before, start, end } => {
                steps.push(step!(records::TRIM_TASKS, clamped(*before), stored(start), end_of(end)));
            }
            RecordWrite::Record(_) => {
                let mut parameters: Vec<Parameter> = vec![Box::new(drawn)];
                parameters.extend(record_columns(each_record(), number));
                steps.push(Step { text: records::PUT_RECORDS, parameters });
            }
            RecordWrite::RemoveRecord { .. } => {
                let key = |write: &RecordWrite| {
                    if let RecordWrite::RemoveRecord { key } = write { Some(stored(key)) } else { None }
                };
                steps.push(step!(records::DELETE_RECORDS, group.iter().filter_map(key).collect::<Vec<_>>()));
            }
            RecordWrite::Change(_) => {
                let changes = || {
                    group.iter().filter_map(|write| {
                        if let RecordWrite::Change(change) = write { Some(change) } else { None }
                    })
                };
                let mut parameters: Vec<Parameter> = vec![
                    Box::new(drawn),
                    column_of(changes(), |change| number(change.seq)),
                    column_of(changes(), |change| change.action.name()),
                    column_of(changes(), |change| clamped(change.at)),
                ];
                parameters.extend(record_columns(changes().map(|change| &change.record), number));
                steps.push(Step { text: records::PUT_CHANGES, parameters });
            }
            RecordWrite::Lock { .. } | RecordWrite::RemoveLock { .. } => {
                for write in group {
                    match write {
                        RecordWrite::Lock { space, name, lock } => {
                            steps.push(step!(records::SWEEP_LOCKS, clamped(lock.acquired)));
                            steps.push(step!(
                                records::PUT_LOCK,
                                drawn,
                                space.name(),
                                stored(name),
                                stored(&lock.owner),
                                number(lock.token),
                                clamped(lock.acquired),
                                clamped(lock.until)
                            ));
                        }
                        RecordWrite::RemoveLock { space, name } => {
                            steps.push(step!(records::DELETE_LOCK, space.name(), stored(name)));
                        }
                        _ => {}
                    }
                }
            }
            RecordWrite::Position { .. } | RecordWrite::RemovePosition { .. } => {
                for write in group {
                    match write {
                        RecordWrite::Position { name, seq } => {
                            steps.push(step!(records::PUT_POSITION, stored(name), clamped(*seq)));
                        }
                        RecordWrite::RemovePosition { name } => {
                            steps.push(step!(records::DELETE_POSITION, stored(name)));
                        }
                        _ => {}
                    }
                }
            }
            RecordWrite::Task { .. } => steps.push(put_tasks(group, drawn, number)),
            RecordWrite::RemoveTask { .. } => {
                let task = |write: &RecordWrite| {
                    if let RecordWrite::RemoveTask { number } = write { Some(clamped(*number)) } else { None }
                };
                steps.push(step!(records::DELETE_TASKS, group.iter().filter_map(task).collect::<Vec<_>>()));
            }
            RecordWrite::Flush { start, end } => {
                steps.push(step!(records::KEEP_LATEST));
                for text in records::FLUSH {
                    steps.push(step!(text, stored(start), end_of(end)));
                }
            }
        }
    }
}

/// Whether two writes can share a statement.
fn is_same_kind(a: &RecordWrite, b: &RecordWrite) -> bool {
    use RecordWrite::{Change, RemoveRecord, RemoveTask, Task};
    match (a, b) {
        (RecordWrite::Record(_), RecordWrite::Record(_))
        | (RemoveRecord { .. }, RemoveRecord { .. })
        | (Change(_), Change(_))
        | (RemoveTask { .. }, RemoveTask { .. }) => true,
        // What has ended makes room for others with its unique text.
        (Task { task: a, .. }, Task { task: b, .. }) => a.ended.is_some() == b.ended.is_some(),
        _ => false,
    }
}

fn column_of<T, C>(rows: impl Iterator<Item = T>, value: impl Fn(T) -> C) -> Parameter
where
    Vec<C>: tokio_postgres::types::ToSql + Send + Sync + 'static,
{
    Box::new(rows.map(value).collect::<Vec<C>>())
}

fn record_columns<'a>(
    records: impl Iterator<Item = &'a Arc<Record>> + Clone,
    number: impl Fn(u64) -> i64,
) -> [Parameter; 8] {
    [
        column_of(records.clone(), |record| stored(&record.key)),
        column_of(records.clone(), |record| clamped(record.version)),
        column_of(records.clone(), |record| number(record.stamp)),
        column_of(records.clone(), |record| record.kind.as_deref().map(stored)),
        column_of(records.clone(), |record| clamped(record.created)),
        column_of(records.clone(), |record| clamped(record.updated)),
        column_of(records.clone(), |record| record.deadline.map(clamped)),
        column_of(records, |record| String::from(&*record.value)),
    ]
}

fn put_tasks(group: &[RecordWrite], drawn: i64, number: impl Fn(u64) -> i64) -> Step {
    let tasks = || {
        group.iter().filter_map(|write| match write {
            RecordWrite::Task { task, generated } => Some((task, generated.as_ref())),
            _ => None,
        })
    };
    let parameters = vec![
        Box::new(drawn) as Parameter,
        column_of(tasks(), |(task, _)| number(task.number)),
        column_of(tasks(), |(task, generated)| stored(generated.map_or(&*task.id, |id| &id.prefix))),
        column_of(tasks(), |(task, _)| stored(&task.name)),
        column_of(tasks(), |(task, _)| task.unique.as_deref().map(stored)),
        column_of(tasks(), |(task, _)| String::from(&*task.payload)),
        column_of(tasks(), |(task, _)| task.status.name()),
        column_of(tasks(), |(task, _)| clamped(task.created)),
        column_of(tasks(), |(task, _)| clamped(task.due)),
        column_of(tasks(), |(task, _)| task.started.map(clamped)),
        column_of(tasks(), |(task, _)| task.ended.map(clamped)),
        column_of(tasks(), |(task, _)| clamped(task.tries)),
        column_of(tasks(), |(task, _)| clamped(task.max_retries)),
        column_of(tasks(), |(task, _)| task.timeout.map(clamped)),
        column_of(tasks(), |(task, _)| task.priority),
        column_of(tasks(), |(task, _)| task.error.as_deref().map(stored)),
        column_of(tasks(), |(task, _)| task.worker.as_deref().map(stored)),
        column_of(tasks(), |(task, _)| task.token.map(&number)),
        column_of(tasks(), |(task, _)| task.until.map(clamped)),
        column_of(tasks(), |(_, generated)| generated.map(|id| -clamped(id.ahead))),
    ];
    Step { text: records::PUT_TASKS, parameters }
}

/// The statements of a query, and their parameters.
fn statements(query: &Query, now_ms: u64) -> (queries::Query, Vec<Parameter>) {
    fn parameters<const N: usize>(list: [Parameter; N]) -> Vec<Parameter> {
        list.into()
    }
    fn text(text: &str) -> Parameter {
        Box::new(stored(text))
    }
    fn number(number: u64) -> Parameter {
        Box::new(clamped(number))
    }
    fn end(end: &Option<String>) -> Parameter {
        Box::new(end_of(end))
    }
    fn optional(text: Option<&str>) -> Parameter {
        Box::new(text.map(stored))
    }
    match query {
        Query::Record { key } => (queries::RECORD, parameters([text(key)])),
        Query::Records { start, end: last, kind, offset, limit } => (
            queries::RECORDS,
            parameters([text(start), end(last), optional(kind.as_deref()), number(*limit), number(*offset)]),
        ),
        Query::CountRecords { start, end: last, kind } => {
            (queries::COUNT_RECORDS, parameters([text(start), end(last), optional(kind.as_deref())]))
        }
        Query::Expired => (queries::EXPIRED, parameters([number(now_ms), number(EXPIRED_AT_ONCE)])),
        Query::Changes { from, start, end: last, kind, limit } => (
            queries::CHANGES,
            parameters([number(*from), text(start), end(last), optional(kind.as_deref()), number(*limit)]),
        ),
        Query::CountChanges { before, start, end: last } => {
            (queries::COUNT_CHANGES, parameters([number(*before), text(start), end(last)]))
        }
        Query::Latest => (queries::LATEST, Vec::new()),
        Query::Lock { space, name } => (queries::LOCK, parameters([text(space.name()), text(name)])),
        Query::Position { name } => (queries::POSITION, parameters([text(name)])),
        Query::Task { id } => (queries::TASK, parameters([text(id)])),
        Query::TaskAhead { prefix, ahead } => {
            (queries::TASK_AHEAD, parameters([text(prefix), number(*ahead)]))
        }
        Query::TaskOfUnique { unique } => (queries::TASK_OF_UNIQUE, parameters([text(unique)])),
        Query::NextTasks { name, limit } => {
            (queries::NEXT_TASKS, parameters([text(name), number(now_ms), number(*limit)]))
        }
        Query::LostTasks { name } => (queries::LOST_TASKS, parameters([text(name), number(now_ms)])),
        Query::Tasks { start, end: last, status, name, offset, limit } => {
            let status = optional(status.map(TaskStatus::name));
            let name = optional(name.as_deref());
            let filters = [text(start), end(last), status, name, number(*limit), number(*offset)];
            (queries::TASKS, parameters(filters))
        }
        Query::CountTasks { before, start, end: last } => {
            (queries::COUNT_TASKS, parameters([number(*before), text(start), end(last)]))
        }
    }
}

fn read(query: &Query, rows: &[Row]) -> Result<Rows> {
    Ok(match query {
        Query::Record { .. } | Query::Records { .. } | Query::Expired => {
            Rows::Records(rows.iter().map(|row| record(row, 0).map(Arc::new)).collect::<Result<_>>()?)
        }
        Query::Changes { .. } => Rows::Changes(rows.iter().map(change).collect::<Result<_>>()?),
        Query::Lock { .. } => Rows::Lock(rows.first().map(lock).transpose()?),
        Query::CountRecords { .. }
        | Query::CountChanges { .. }
        | Query::Latest
        | Query::Position { .. }
        | Query::CountTasks { .. } => Rows::Number(rows.first().map(|row| unsigned(row, 0)).transpose()?),
        Query::Task { .. }
        | Query::TaskAhead { .. }
        | Query::TaskOfUnique { .. }
        | Query::NextTasks { .. }
        | Query::LostTasks { .. }
        | Query::Tasks { .. } => {
            Rows::Tasks(rows.iter().map(|row| task(row).map(Arc::new)).collect::<Result<_>>()?)
        }
    })
}

/// The record in the columns from this one on.
fn record(row: &Row, from: usize) -> Result<Record> {
    Ok(Record {
        key: text(row, from)?,
        version: unsigned(row, from + 1)?,
        stamp: unsigned(row, from + 2)?,
        kind: optional_text(row, from + 3)?,
        created: unsigned(row, from + 4)?,
        updated: unsigned(row, from + 5)?,
        deadline: optional(row, from + 6)?,
        value: column::<String>(row, from + 7)?.into(),
    })
}

fn change(row: &Row) -> Result<Change> {
    Ok(Change {
        seq: unsigned(row, 0)?,
        action: Action::from_name(&column::<String>(row, 1)?).ok_or_else(super::unreadable)?,
        at: unsigned(row, 2)?,
        record: Arc::new(record(row, 3)?),
    })
}

fn lock(row: &Row) -> Result<Lock> {
    Ok(Lock {
        owner: text(row, 0)?,
        token: unsigned(row, 1)?,
        acquired: unsigned(row, 2)?,
        until: unsigned(row, 3)?,
    })
}

fn task(row: &Row) -> Result<Task> {
    Ok(Task {
        number: unsigned(row, 0)?,
        id: text(row, 1)?,
        name: text(row, 2)?,
        unique: optional_text(row, 3)?,
        payload: column::<String>(row, 4)?.into(),
        status: TaskStatus::from_name(&column::<String>(row, 5)?).ok_or_else(super::unreadable)?,
        created: unsigned(row, 6)?,
        due: unsigned(row, 7)?,
        started: optional(row, 8)?,
        ended: optional(row, 9)?,
        tries: unsigned(row, 10)?,
        max_retries: unsigned(row, 11)?,
        timeout: optional(row, 12)?,
        priority: column(row, 13)?,
        error: optional_text(row, 14)?,
        worker: optional_text(row, 15)?,
        token: optional(row, 16)?,
        until: optional(row, 17)?,
    })
}

fn column<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|_| super::unreadable())
}

fn unsigned(row: &Row, number: usize) -> Result<u64> {
    u64::try_from(column::<i64>(row, number)?).map_err(|_| super::unreadable())
}

fn optional(row: &Row, number: usize) -> Result<Option<u64>> {
    column::<Option<i64>>(row, number)?
        .map(|number| u64::try_from(number).map_err(|_| super::unreadable()))
        .transpose()
}

fn text(row: &Row, number: usize) -> Result<Box<str>> {
    column(row, number).map(sql::read).map(String::into)
}

fn optional_text(row: &Row, number: usize) -> Result<Option<Box<str>>> {
    Ok(column::<Option<String>>(row, number)?.map(sql::read).map(String::into))
}

fn stored(text: &str) -> String {
    sql::stored(text).into_owned()
}

fn end_of(end: &Option<String>) -> String {
    sql::stored_end(end.as_deref()).into_owned()
}

fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
