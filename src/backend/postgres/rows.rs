// Records, and what is built on them: loads and commits, each in one round trip. What they mean is the engine's business;
// the files beside this one turn queries and writes into statements, and rows into values.

mod queries;
mod read;
mod write;

use super::entries::{Call, read_cell};
use super::session::{Parameter, Session, Step, step};
use super::sql::{self, records};
use crate::backend::BoxFuture;
use crate::backend::cells::{Asked, Commit, EXPIRED_AT_ONCE, LoadedRows, Query, Record, RecordCommit, Rows};
use crate::error::Result;
use queries::{clamped, statements, stored};
use read::{column, read, record, unsigned};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_postgres::Row;

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
pub(super) const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const BEGIN: &str = "BEGIN";
pub(super) const COMMIT: &str = "COMMIT";

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
            let text = if call.has_parts() { sql::parts::COMMIT_ALL } else { records::COMMIT_ALL };
            steps.push(Step { text, parameters: call.into_parameters() });
        }
        steps.push(step!(records::EXCLUDE));
        write::check(&rows, &mut steps);
        let draw = steps.len();
        let drawn = clamped(rows.drawn);
        if drawn > 0 {
            let latest = rows.latest.and_then(|latest| rows.ahead(latest)).map(clamped);
            steps.push(step!(records::DRAW, drawn, latest));
        }
        write::write(&rows, drawn, &mut steps);
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
