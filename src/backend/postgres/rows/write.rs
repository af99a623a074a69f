// Checks and writes of a commit as statements.

use super::queries::{clamped, end_of, statements, stored};
use crate::backend::cells::{Query, Record, RecordCommit, RecordWrite};
use crate::backend::postgres::session::{Parameter, Step, step};
use crate::backend::postgres::sql::records;
use std::sync::Arc;

/// The checks: those of single records as one statement.
pub(super) fn check(rows: &RecordCommit, steps: &mut Vec<Step>) {
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
pub(super) fn write(rows: &RecordCommit, drawn: i64, steps: &mut Vec<Step>) {
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
