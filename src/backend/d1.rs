// A store in a D1 database, which a Worker's binding reaches: what its answers mean, and when to ask again. How statements
// reach the binding is up to the host. No knowledge of cells and commands.

//! A store in a Cloudflare D1 database, in a Worker: `d1:BINDING`.
//!
//! Statements that belong together are one batch of D1, which is a transaction. The first statement that misses the tables
//! creates them.

use super::cells::{Cells, Database, Failure as Sqlite, Row, SqlCells, Statement, failure};
use super::retry::{Attempts, Failure};
use super::{BoxFuture, Capabilities};
use crate::error::{Error, Kind, Result};
use crate::host::MaybeSend;
use crate::host::network::Network;
use crate::options::Options;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

/// The store's name.
pub const NAME: &str = "d1";

/// D1 limits rows to 2 MB; our rows are a key, a value and a few numbers.
const ROW_BYTES: u64 = 2_000_000;
const MAX_KEY_BYTES: u64 = 64 << 10;
const MAX_VALUE_BYTES: u64 = ROW_BYTES - MAX_KEY_BYTES - 1_024;

/// The default timeout of an operation: no attempt begins after it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The default number of retries.
const RETRIES: u32 = 5;

/// A database, as a binding lends it.
pub trait Lent: MaybeSend {
    /// Runs statements as one transaction, and returns the rows of each, or D1's message.
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, std::result::Result<Vec<Vec<Row>>, String>>;
}

/// Opens a store. Nothing is sent yet.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have.
pub fn open(lent: Arc<dyn Lent>, network: Network, options: &Options) -> Result<Cells> {
    let pause = Arc::new(network.clone());
    let (timeout, retries) = (options.remote.timeout, options.remote.retries);
    let d1 = D1 { lent, network, timeout: timeout.unwrap_or(TIMEOUT), retries: retries.unwrap_or(RETRIES) };
    Ok(Cells::new(Arc::new(SqlCells::new(d1)), options)
        .map_err(|error| error.in_backend(NAME))?
        .with_pause(pause))
}

struct D1 {
    lent: Arc<dyn Lent>,
    network: Network,
    timeout: Duration,
    retries: u32,
}

/// What D1's message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// SQLite failed; nothing has changed.
    Sqlite(Sqlite),
    /// The platform did not take the batch.
    Overloaded,
    /// The Worker has asked too often.
    Limit,
    /// The connection or the database failed, perhaps after the batch.
    Broken,
}

impl Refusal {
    fn of(message: &str) -> Refusal {
        let lower = message.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|words| lower.contains(words));
        match Sqlite::of(message) {
            Sqlite::Other if has(&["overloaded", "too many requests queued"]) => Refusal::Overloaded,
            Sqlite::Other if has(&["too many api requests", "too many subrequests"]) => Refusal::Limit,
            // The name of one of its result codes.
            Sqlite::Other if has(&["sqlite_", "constraint failed"]) => Refusal::Sqlite(Sqlite::Other),
            Sqlite::Other => Refusal::Broken,
            failure => Refusal::Sqlite(failure),
        }
    }

    fn failure(self) -> Failure {
        let unavailable = |message: &str| Error::new(Kind::Unavailable, message);
        match self {
            Refusal::Sqlite(failure) => Failure::of(
                failure.error().unwrap_or_else(|| unavailable("(database) does not respond")),
                false,
            ),
            Refusal::Overloaded => {
                Failure::of(unavailable("(database) has too many requests waiting"), false)
            }
            Refusal::Limit => {
                let message = "(database) allows no more queries in this request: Cloudflare's limit is 1000";
                Failure::of(Error::new(Kind::RateLimited, message), false)
            }
            Refusal::Broken => Failure::of(unavailable("(database) does not respond"), true),
        }
    }
}

impl D1 {
    async fn run(&self, statements: &[Statement], writes: bool) -> Result<Vec<Vec<Row>>, Refusal> {
        let is_repeatable = !writes || statements.iter().all(failure::is_repeatable);
        let mut attempts = Attempts::new(self.timeout, self.retries, &*self.network.timer);
        loop {
            let refusal = match self.lent.batch(statements).await {
                Ok(rows) if rows.len() == statements.len() => return Ok(rows),
                Ok(_) => Refusal::Broken,
                Err(message) => Refusal::of(&message),
            };
            let may_repeat = match refusal {
                Refusal::Sqlite(_) | Refusal::Limit => false,
                Refusal::Overloaded => true,
                Refusal::Broken => is_repeatable,
            };
            match attempts.pause(&refusal.failure()).filter(|_| may_repeat) {
                Some(pause) => self.network.timer.sleep(pause).await,
                None => return Err(refusal),
            }
        }
    }

    async fn run_batch(&self, statements: &[Statement], writes: bool) -> Result<Option<Vec<Vec<Row>>>> {
        let mut ran = self.run(statements, writes).await;
        if ran == Err(Refusal::Sqlite(Sqlite::NoTables)) {
            self.run(&failure::schema(), true).await.map_err(|refusal| refusal.failure().error)?;
            ran = self.run(statements, writes).await;
        }
        match ran {
            Ok(rows) => Ok(Some(rows)),
            Err(Refusal::Sqlite(Sqlite::Conflict)) => Ok(None),
            Err(refusal) if writes => Err(refusal.failure().error),
            Err(refusal) => Err(refusal.failure().error.not_applied()),
        }
    }
}

impl Database for D1 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        Box::pin(async move { self.run_batch(&statements, writes).await })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_KEY_BYTES,
            max_value_bytes: MAX_VALUE_BYTES,
            records: true,
            consistency: "strong",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1s_words_are_understood() {
        for (message, refusal) in [
            ("D1_ERROR: Network connection lost.", Refusal::Broken),
            (
                "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
                Refusal::Broken,
            ),
            ("D1_ERROR: D1 DB is overloaded. Too many requests queued.", Refusal::Overloaded),
            ("Too many API requests by single worker invocation.", Refusal::Limit),
            ("D1_ERROR: near \"x\": syntax error at offset 0: SQLITE_ERROR", Refusal::Sqlite(Sqlite::Other)),
            (
                "D1_ERROR: CHECK constraint failed: omnikv_conflict: SQLITE_CONSTRAINT",
                Refusal::Sqlite(Sqlite::Conflict),
            ),
            ("D1_ERROR: no such table: omnikv: SQLITE_ERROR", Refusal::Sqlite(Sqlite::NoTables)),
            ("", Refusal::Broken),
        ] {
            assert_eq!(Refusal::of(message), refusal, "{message}");
        }
        assert!(Refusal::Broken.failure().error.is_maybe_applied());
        assert!(!Refusal::Overloaded.failure().error.is_maybe_applied());
    }
}
