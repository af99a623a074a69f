// Records in a SQLite database that takes batches of statements but runs no code between them: rqlite, D1. Queries and
// writes become statements here; what they are for is the business of `overlay.rs` and the engine.

use super::super::database::{Database, SqlCells, integer, unreadable};
use super::super::rows::{
    Asked, GeneratedId, LoadedRows, Query, RecordCommit, RecordStore, RecordWrite, Rows,
};
use super::super::{Commit, Field, Row, Statement};
use super::{Columns, fields_of_record, fields_of_task, optional_text, queries, sql, text};
use crate::backend::BoxFuture;
use crate::error::Result;
use std::sync::Arc;

impl<D: Database> SqlCells<D> {
    async fn load_rows(&self, asked: &Asked) -> Result<LoadedRows> {
        let now_ms = asked.now_ms.unwrap_or(0);
        let mut statements = Self::loads(&asked.keys);
        statements.extend(asked.queries.iter().map(|query| queries::load(query, now_ms)));
        if asked.draws {
            statements.push(Statement { text: sql::DRAWN, parameters: Vec::new() });
        }
        let found = self.prepared().await?.batch(statements, false).await?.ok_or_else(unreadable)?;
        let mut found = found.into_iter();
        let cells = Self::read_cells(found.by_ref().take(asked.keys.len()))?;
        let rows = asked.queries.iter().zip(found.by_ref()).map(|(query, rows)| read(query, rows));
        let rows = rows.collect::<Result<Vec<Rows>>>()?;
        let drawn = if asked.draws { number(found.next())?.ok_or_else(unreadable)? } else { 0 };
        Ok(LoadedRows { cells, rows, drawn, now_ms: None })
    }

    async fn commit_rows(&self, entries: &Commit, rows: &RecordCommit) -> Result<Option<u64>> {
        let mut statements = Self::checks(entries);
        let checks = rows.checks.iter();
        statements.extend(checks.map(|(query, fingerprint)| queries::check(query, fingerprint, rows.now_ms)));
        statements.extend(Self::writes(entries));
        if rows.drawn > 0 {
            let latest = rows.latest.and_then(|latest| rows.ahead(latest));
            let parameters = vec![integer(rows.drawn), latest.map_or(Field::Null, integer)];
            statements.push(Statement { text: sql::DRAW_MANY, parameters });
        }
        for write in &rows.writes {
            write_row(rows, write, &mut statements);
        }
        if rows.drawn == 0 {
            return Ok(self.prepared().await?.batch(statements, true).await?.map(|_| 0));
        }
        statements.push(Statement { text: sql::DRAWN, parameters: Vec::new() });
        let Some(mut found) = self.prepared().await?.batch(statements, true).await? else { return Ok(None) };
        let last = number(found.pop())?.ok_or_else(unreadable)?;
        Ok(Some(last.saturating_sub(rows.drawn)))
    }
}

impl<D: Database> RecordStore for SqlCells<D> {
    fn load<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<LoadedRows>> {
        Box::pin(self.load_rows(asked))
    }

    fn commit<'a>(
        &'a self,
        entries: &'a Commit,
        rows: &'a RecordCommit,
    ) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(self.commit_rows(entries, rows))
    }
}

fn number(rows: Option<Vec<Row>>) -> Result<Option<u64>> {
    let row = rows.and_then(|rows| rows.into_iter().next());
    row.map(|row| Columns(row.into_iter()).optional_number()).transpose().map(Option::flatten)
}

fn read(query: &Query, rows: Vec<Row>) -> Result<Rows> {
    let mut rows = rows.into_iter().map(|row| Columns(row.into_iter()));
    Ok(match query {
        Query::Record { .. } | Query::Records { .. } | Query::Expired => {
            Rows::Records(rows.map(|mut row| row.record().map(Arc::new)).collect::<Result<_>>()?)
        }
        Query::Changes { .. } => Rows::Changes(rows.map(|mut row| row.change()).collect::<Result<_>>()?),
        Query::CountRecords { .. }
        | Query::CountChanges { .. }
        | Query::Latest
        | Query::Position { .. }
        | Query::CountTasks { .. } => Rows::Number(rows.next().map(|mut row| row.number()).transpose()?),
        Query::Positions { .. } => {
            Rows::Positions(rows.map(|mut row| row.position()).collect::<Result<_>>()?)
        }
        Query::Lock { .. } => Rows::Lock(rows.next().map(|mut row| row.lock()).transpose()?),
        Query::Task { .. }
        | Query::TaskAhead { .. }
        | Query::TaskOfUnique { .. }
        | Query::NextTasks { .. }
        | Query::LostTasks { .. }
        | Query::Tasks { .. } => Rows::Tasks(rows.map(|mut row| row.task()).collect::<Result<_>>()?),
    })
}

/// A number of the sequence as the statements take it: itself, or how far it is from the last one that the commit draws.
fn sequence(commit: &RecordCommit, number: u64) -> Field {
    match commit.ahead(number).zip(i64::try_from(commit.drawn).ok()) {
        Some((ahead, drawn)) => Field::Int(i64::try_from(ahead).unwrap_or(i64::MAX) - drawn - 1),
        None => integer(number),
    }
}

fn write_row(commit: &RecordCommit, write: &RecordWrite, statements: &mut Vec<Statement>) {
    let end = |end: &Option<String>| optional_text(end.as_deref());
    let mut push = |text: &'static str, parameters: &[Field]| {
        statements.push(Statement { text, parameters: parameters.to_vec() });
    };
    match write {
        RecordWrite::TrimChanges { before, start, end: last } => {
            push(sql::KEEP_LATEST, &[]);
            push(sql::TRIM_CHANGES[1], &[integer(*before), text(start), end(last)]);
        }
        RecordWrite::TrimTasks { before, start, end: last } => {
            push(sql::TRIM_TASKS[1], &[integer(*before), text(start), end(last)]);
        }
        RecordWrite::Record(record) => {
            let mut fields = fields_of_record(record);
            fields[2] = sequence(commit, record.stamp);
            push(sql::PUT_RECORD, &fields);
        }
        RecordWrite::RemoveRecord { key } => push(sql::DELETE_RECORD, &[text(key)]),
        RecordWrite::Change(change) => {
            let mut fields = fields_of_record(&change.record);
            fields[2] = sequence(commit, change.record.stamp);
            let head = [sequence(commit, change.seq), text(change.action.name()), integer(change.at)];
            push(sql::PUT_CHANGE, &[head.as_slice(), fields.as_slice()].concat());
        }
        RecordWrite::Lock { space, name, lock } => {
            push(sql::SWEEP_LOCKS, &[integer(lock.acquired)]);
            let token = sequence(commit, lock.token);
            let times = [integer(lock.acquired), integer(lock.until)];
            let [acquired, until] = times;
            push(sql::PUT_LOCK, &[text(space.name()), text(name), text(&lock.owner), token, acquired, until]);
        }
        RecordWrite::RemoveLock { space, name } => {
            push(sql::DELETE_LOCK, &[text(space.name()), text(name)]);
        }
        RecordWrite::Position { name, seq } => push(sql::PUT_POSITION, &[text(name), integer(*seq)]),
        RecordWrite::RemovePosition { name } => push(sql::DELETE_POSITION, &[text(name)]),
        RecordWrite::Task { task, generated } => {
            let mut fields = fields_of_task(task);
            fields[0] = sequence(commit, task.number);
            fields[16] = task.token.map_or(Field::Null, |token| sequence(commit, token));
            match generated {
                None => push(sql::PUT_TASK, &fields),
                Some(GeneratedId { prefix, ahead }) => {
                    fields[1] = text(prefix);
                    let number = sequence(commit, commit.base + ahead);
                    push(sql::PUT_TASK_WITH_NUMBER, &[fields.as_slice(), &[number]].concat());
                }
            }
        }
        RecordWrite::RemoveTask { number } => push(sql::DELETE_TASK, &[sequence(commit, *number)]),
        RecordWrite::Flush { start, end: last } => {
            push(sql::KEEP_LATEST, &[]);
            sql::FLUSH.iter().for_each(|statement| push(statement, &[text(start), end(last)]));
        }
    }
}
