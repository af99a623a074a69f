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
mod rows;
mod session;
mod settings;
pub mod sql;

pub use settings::{Encryption, Settings};

use super::cells::{
    Asked, CellStore, Cells, Commit, Listing, Loaded, LoadedRows, Outcome, Pause, RecordCommit, RecordStore,
    Span,
};
use super::redis::Repeat;
use super::retry::Attempts;
use super::{BoxFuture, Capabilities};
use crate::command::Key;
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::socket::Sockets;
use crate::host::{Clock, MaybeSend, clock, random};
use crate::options::Options;
use futures_channel::oneshot;
use jobs::{Ask, Job, Single, Waiting, are_points};
use lanes::Lanes;
use rows::Progress;
use session::Session;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The longest key: an index has no room for longer ones.
const MAX_KEY_BYTES: u64 = 2048;

/// Connections that handles share. Dropping the last reference closes them.
pub struct Pool {
    lanes: Arc<Lanes>,
    /// The version of the next commit. Each is used once, and a client begins anywhere, so that two never use the same.
    versions: AtomicU64,
    /// By how much the server's clock is ahead of ours, in milliseconds.
    ahead_ms: AtomicI64,
    /// Whether that is known.
    is_clock_read: AtomicBool,
    /// Whether a caller may do I/O for another: in a Worker, it may belong to another request.
    is_for_all: bool,
}

impl Pool {
    /// Connections by the system's sockets, on the network's own thread. None is opened yet.
    ///
    /// # Errors
    ///
    /// `unavailable` if the thread cannot start.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native(settings: Settings) -> Result<Pool> {
        crate::host::runtime::runtime()?;
        Pool::over(settings, Arc::new(native::Native), Arc::new(crate::host::runtime::Clockwork), true)
    }

    /// Connections by the host's sockets. None is opened yet.
    ///
    /// # Errors
    ///
    /// `unsupported` if there is no source of randomness.
    pub fn lent(settings: Settings, sockets: Arc<dyn Sockets>, timer: Arc<dyn Timer>) -> Result<Pool> {
        let is_for_all = sockets.shared().is_some();
        Pool::over(settings, Arc::new(lent::Lent(sockets)), timer, is_for_all)
    }

    fn over(
        settings: Settings,
        connect: Arc<dyn connect::Connect>,
        timer: Arc<dyn Timer>,
        is_for_all: bool,
    ) -> Result<Pool> {
        Ok(Pool {
            lanes: Arc::new(Lanes::new(settings, connect, timer)),
            versions: AtomicU64::new(random::seed()?),
            ahead_ms: AtomicI64::new(0),
            is_clock_read: AtomicBool::new(false),
            is_for_all,
        })
    }

    /// Waits for the answer to a job that may be repeated, and repeats it when it fails for the moment.
    async fn ask<T>(&self, repeat: Repeat, ask: impl Fn(Waiting<T>) -> Ask) -> Result<T> {
        let Settings { timeout, retries, .. } = self.lanes.settings;
        let timer = Arc::clone(&self.lanes.timer);
        let mut attempts = Attempts::new(timeout, retries, &*timer);
        loop {
            let (waiting, answer) = oneshot::channel();
            self.lanes.add(Job { ask: ask(waiting), deadline_ms: attempts.deadline_ms() });
            let answer = answer.await.unwrap_or_else(|_| Err(Error::new(Kind::Closed, "(store) is closed")));
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => timer.sleep(attempts.after(error, repeat)?).await,
            }
        }
    }

    /// Like [`ask`](Pool::ask), for a job that shares its statements with no other.
    async fn alone<T: MaybeSend + 'static>(
        &self,
        repeat: Repeat,
        work: impl for<'s> Fn(&'s mut Session) -> BoxFuture<'s, Result<T>> + Clone + MaybeSend + 'static,
    ) -> Result<T> {
        let job = |waiting| {
            let single = Single { work: work.clone(), answer: None, waiting };
            Ask::Alone(Box::new(single))
        };
        self.ask(repeat, job).await
    }

    /// The version of a commit that begins now. Positive, so that it looks the same everywhere.
    fn next_version(&self) -> u64 {
        self.versions.fetch_add(1, Ordering::Relaxed) & (u64::MAX >> 1)
    }
}

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
        let (version, commit, sent) = (self.pool.next_version(), Arc::new(commit.clone()), AtomicU64::new(0));
        let outcome = self.pool.ask(Repeat::Same, |waiting| {
            sent.fetch_add(1, Ordering::Relaxed);
            Ask::Commit(Arc::clone(&commit), version, waiting)
        });
        let outcome = outcome.await?;
        if outcome == Outcome::Conflict && sent.load(Ordering::Relaxed) > 1 {
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
