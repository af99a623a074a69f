// Rows of records, and of what is built on them, as values.

use crate::backend::cells::{Change, Lock, Query, Record, Rows, Task};
use crate::backend::postgres::{sql, unreadable};
use crate::command::{Action, TaskStatus};
use crate::error::Result;
use std::sync::Arc;
use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

pub(in super::super) fn read(query: &Query, rows: &[Row]) -> Result<Rows> {
    Ok(match query {
        Query::Record { .. } | Query::Records { .. } | Query::Expired => {
            Rows::Records(rows.iter().map(|row| record(row, 0).map(Arc::new)).collect::<Result<_>>()?)
        }
        Query::Changes { .. } => Rows::Changes(rows.iter().map(change).collect::<Result<_>>()?),
        Query::Positions { .. } => {
            let position = |row| Ok((text(row, 0)?, unsigned(row, 1)?));
            Rows::Positions(rows.iter().map(position).collect::<Result<_>>()?)
        }
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
pub(in super::super) fn record(row: &Row, from: usize) -> Result<Record> {
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
        action: Action::from_name(&column::<String>(row, 1)?).ok_or_else(unreadable)?,
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
        status: TaskStatus::from_name(&column::<String>(row, 5)?).ok_or_else(unreadable)?,
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

pub(in super::super) fn column<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|_| unreadable())
}

pub(in super::super) fn unsigned(row: &Row, number: usize) -> Result<u64> {
    u64::try_from(column::<i64>(row, number)?).map_err(|_| unreadable())
}

fn optional(row: &Row, number: usize) -> Result<Option<u64>> {
    column::<Option<i64>>(row, number)?
        .map(|number| u64::try_from(number).map_err(|_| unreadable()))
        .transpose()
}

fn text(row: &Row, number: usize) -> Result<Box<str>> {
    column(row, number).map(sql::read).map(String::into)
}

fn optional_text(row: &Row, number: usize) -> Result<Option<Box<str>>> {
    Ok(column::<Option<String>>(row, number)?.map(sql::read).map(String::into))
}
