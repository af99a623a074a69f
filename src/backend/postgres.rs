// A store of entries in PostgreSQL. The SQL is in `postgres/sql.rs`, the connections and who waits for them in `lanes.rs`;
// this file says what may be repeated.

//! A store in PostgreSQL: `postgres://user:password@host/database`. Tested with version 15; it needs 12 or newer.
//!
//! Natively the connections live on the network's own thread, so any executor works. Elsewhere a host lends its sockets.
//! Calls that arrive while all connections work travel together: one statement loads what all of them need, and one
//! transaction commits what they write.
//!
//! A commit is one statement, a call of the function `omnikv_commit`, which locks, checks and writes. So no transaction
//! stays open while a client thinks, and a client that dies leaves nothing behind. It needs no more than the default
//! isolation level.

mod connect;
mod entries;
mod fault;
mod jobs;
mod lanes;
mod lent;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod parts;
mod pool;
mod rows;
mod session;
mod settings;
pub mod sql;

pub use pool::Pool;
pub use settings::{Encryption, Settings};

use super::cells::{
    Asked, CellStore, Cells, Commit, Listing, Loaded, LoadedParts, LoadedRows, Outcome, PartStore, Pause,
    RecordCommit, RecordStore, Span, Which,
};
use super::redis::Repeat;
use super::{BoxFuture, Capabilities};
use crate::command::Key;
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::{Clock, clock};
use crate::options::Options;
use jobs::{Ask, are_points};
use rows::Progress;
use session::Session;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The longest key: an index has no room for longer ones.
const MAX_KEY_BYTES: u64 = 2048;

/// Opens a handle on the store.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have.
pub fn open(pool: Arc<Pool>, options: &Options) -> Result<Cells> {
    let mut options = options.clone();
    let has_clock = options.clock.is_none();
    let local: Arc<dyn Clock> = match &options.clock {
        Some(clock) => Arc::clone(clock),
        None => clock::system()?,
    };
    if has_clock {
        options.clock = Some(Arc::new(ServerClock { local, pool: Arc::downgrade(&pool) }));
    }
    let pause = Arc::new(Sleep(Arc::clone(&pool.lanes.timer)));
    Ok(Cells::new(Arc::new(Postgres { pool, has_clock }), &options)?.with_pause(pause))
}

struct Sleep(Arc<dyn Timer>);

impl Pause for Sleep {
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()> {
        self.0.sleep(Duration::from_millis(milliseconds))
    }
}

/// The server's clock, which all its clients share, as far as it is known.
struct ServerClock {
    local: Arc<dyn Clock>,
    pool: Weak<Pool>,
}

impl Clock for ServerClock {
    fn now_ms(&self) -> u64 {
        let ahead = self.pool.upgrade().map_or(0, |pool| pool.ahead_ms.load(Ordering::Relaxed));
        self.local.now_ms().saturating_add_signed(ahead)
    }
}

/// The store. Handles that have a clock of their own use that.
struct Postgres {
    pool: Arc<Pool>,
    has_clock: bool,
}

impl Postgres {
    async fn load_all(&self, keys: &[Key]) -> Result<Loaded> {
        let keys: Arc<[Key]> = keys.into();
        let cells = match keys.is_empty() {
            true => Vec::new(),
            false => self.pool.ask(Repeat::Harmless, |waiting| Ask::Load(Arc::clone(&keys), waiting)).await?,
        };
        let now_ms = if CellStore::has_clock(self) { Some(self.read_clock().await?) } else { None };
        Ok(Loaded { cells, now_ms })
    }

    /// Asks the server for its time, once.
    async fn read_clock(&self) -> Result<u64> {
        let local = clock::system()?;
        let before = local.now_ms();
        let now = self.pool.alone(Repeat::Harmless, |session| Box::pin(now(session))).await?;
        let then = before + local.now_ms().saturating_sub(before) / 2;
        self.pool.ahead_ms.store(now.cast_signed() - then.cast_signed(), Ordering::Relaxed);
        self.pool.is_clock_read.store(true, Ordering::Release);
        Ok(now)
    }

    /// Commits. A commit whose answer is lost is sent again: one that checks something recognizes by its version that it
    /// was done, and one that does not may be done twice.
    async fn commit_all(&self, commit: &Commit) -> Result<Outcome> {
        let (version, commit) = (self.pool.next_version(), Arc::new(commit.clone()));
        let ask = |waiting| Ask::Commit(Arc::clone(&commit), version, waiting);
        let (outcome, was_in_doubt) = self.pool.ask_in_doubt(Repeat::Same, ask).await?;
        if outcome == Outcome::Conflict && was_in_doubt {
            // Either others were faster, or they came after the lost answer.
            return Err(lost());
        }
        Ok(outcome)
    }

    async fn load_rows(&self, asked: &Asked) -> Result<LoadedRows> {
        let now_of_store = if asked.now_ms.is_none() { Some(self.read_clock().await?) } else { None };
        let now_ms = asked.now_ms.or(now_of_store).unwrap_or(0);
        let asked = Arc::new(asked.clone());
        let loaded = match are_points(&asked) {
            true => {
                let points = |waiting| Ask::Points(Arc::clone(&asked), now_ms, waiting);
                self.pool.ask(Repeat::Harmless, points).await?
            }
            false => {
                let asked = Arc::clone(&asked);
                self.pool
                    .alone(Repeat::Harmless, move |session| rows::load(session, Arc::clone(&asked), now_ms))
                    .await?
            }
        };
        Ok(LoadedRows { now_ms: now_of_store, ..loaded })
    }

    /// Commits entries and rows. If the answer is lost, the server is asked for the outcome.
    async fn commit_rows(&self, entries: &Commit, rows: &RecordCommit) -> Result<Option<u64>> {
        let (entries, rows) = (Arc::new(entries.clone()), Arc::new(rows.clone()));
        let mut retries_left = self.pool.lanes.settings.retries;
        loop {
            let (progress, version) = (Arc::new(Progress::default()), self.pool.next_version());
            let (entries, rows, seen) = (Arc::clone(&entries), Arc::clone(&rows), Arc::clone(&progress));
            let has_draws = rows.drawn > 0;
            let done = self.pool.alone(Repeat::Never, move |session| {
                rows::commit(session, Arc::clone(&entries), version, Arc::clone(&rows), Arc::clone(&seen))
            });
            let error = match done.await {
                Ok(drawn_before) => return Ok(Some(drawn_before)),
                Err(error) if error.kind() == Kind::Conflict => return Ok(None),
                Err(error) if !error.is_maybe_applied() => return Err(error),
                Err(error) => error,
            };
            match self.outcome(&progress).await {
                Some(true) if has_draws => return progress.drawn_before().map(Some).ok_or(error),
                Some(true) => return Ok(Some(0)),
                Some(false) if retries_left > 0 => retries_left -= 1,
                Some(false) => return Err(error.not_applied()),
                None => return Err(error),
            }
        }
    }

    /// Whether the transaction has happened; `None` if nobody knows.
    async fn outcome(&self, progress: &Progress) -> Option<bool> {
        let number = progress.transaction()?;
        loop {
            let outcome =
                self.pool.alone(Repeat::Harmless, move |session| rows::outcome(session, number)).await;
            match outcome.ok().flatten().as_deref() {
                Some("committed") => return Some(true),
                Some("aborted") => return Some(false),
                // The server has not noticed yet that we are gone.
                Some(_) => self.pool.lanes.timer.sleep(Duration::from_millis(20)).await,
                None => return None,
            }
        }
    }
}

async fn now(session: &mut Session) -> Result<u64> {
    let rows = session.query(sql::NOW, &[]).await?;
    let now: Option<i64> = rows.first().and_then(|row| row.try_get(0).ok());
    now.and_then(|now| u64::try_from(now).ok()).ok_or_else(unreadable)
}

/// The error if nobody knows whether a commit has happened.
fn lost() -> Error {
    let message = "(server) has lost the connection, and others have changed what was written";
    Error::new(Kind::Unavailable, message).maybe_applied()
}

impl RecordStore for Postgres {
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

impl PartStore for Postgres {
    fn load<'a>(&'a self, asked: &'a [(Key, Vec<Which>)]) -> BoxFuture<'a, Result<LoadedParts>> {
        let asked = Arc::new(asked.to_vec());
        Box::pin(async move {
            self.pool.alone(Repeat::Harmless, move |session| parts::load(session, Arc::clone(&asked))).await
        })
    }
}

impl CellStore for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(self.load_all(keys))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.commit_all(commit))
    }

    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>> {
        let mut span = span.clone();
        if let Some(from) = from {
            span.go_on_after(from);
        }
        Box::pin(async move {
            self.pool
                .alone(Repeat::Harmless, move |session| entries::list(session, span.clone(), limit))
                .await
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_KEY_BYTES,
            max_value_bytes: MAX_VALUE_BYTES as u64,
            records: true,
            consistency: "strong",
        }
    }

    fn has_clock(&self) -> bool {
        // Only until the server's clock is known.
        self.has_clock && !self.pool.is_clock_read.load(Ordering::Acquire)
    }

    fn records(&self) -> Option<&dyn RecordStore> {
        Some(self)
    }

    fn parts(&self) -> Option<&dyn PartStore> {
        Some(self)
    }

    fn combines(&self) -> bool {
        self.pool.is_for_all
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        if Arc::strong_count(&self.pool) == 1 {
            self.pool.lanes.close_idle();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

fn unreadable() -> Error {
    Error::new(Kind::InvalidValue, "(table) holds a row that omnikv did not write")
}

fn no_tls(place: &str) -> Error {
    let message = format!(
        "(server) at {place} has no TLS: enable it there, or use ?sslmode=disable on a network you trust"
    );
    Error::new(Kind::Unsupported, message)
}
