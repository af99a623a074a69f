// A connection to a SQLite database: transactions around callers' work, and the statements of `cells::sql` inside them.
// Who runs the statements (driver.rs) and when (jobs.rs) does not matter here. No knowledge of cells or commands.

use super::driver::Driver;
use crate::backend::cells::{Database, Field, Row, Session, Statement, at_once, batch, schema};
use crate::backend::{BoxFuture, Capabilities};
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An open database: `Send` except on wasm.
#[cfg(not(target_arch = "wasm32"))]
type Open = Box<dyn Driver + Send>;
#[cfg(target_arch = "wasm32")]
type Open = Box<dyn Driver>;

/// What a commit waits for, as SQLite's `PRAGMA synchronous` has it. Nothing is lost when a process ends, whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Synchronous {
    /// For the operating system: a power failure may lose the last commits, but never corrupts one.
    #[default]
    Normal,
    /// For the disk.
    Full,
}

/// A connection. Only its worker uses it; the lock is there to share it with the handles' cells.
pub(super) struct Connection {
    /// `None` once closed.
    inner: Mutex<Option<Open>>,
    /// Whether the transaction may write.
    writes: AtomicBool,
}

impl Connection {
    /// Sets the database up: creates the tables, or brings them to this version.
    ///
    /// # Errors
    ///
    /// One that [`is_locked`](super::driver::is_locked) if another program holds a lock it needs.
    pub fn over(driver: Open, synchronous: Synchronous) -> Result<Arc<Connection>> {
        let connection =
            Arc::new(Connection { inner: Mutex::new(Some(driver)), writes: AtomicBool::new(false) });
        // On a lock, each caller decides itself whether and where to wait.
        connection.run("PRAGMA busy_timeout = 0")?;
        // WAL lets readers and a writer work side by side.
        connection.run("PRAGMA journal_mode = WAL")?;
        connection.run(match synchronous {
            Synchronous::Normal => "PRAGMA synchronous = NORMAL",
            Synchronous::Full => "PRAGMA synchronous = FULL",
        })?;
        connection.run("BEGIN IMMEDIATE")?;
        at_once(Box::pin(schema::prepare(&connection)))?;
        connection.commit()?;
        Ok(connection)
    }

    pub fn close(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Begins a transaction: with the write lock, or with a snapshot for reading. Never waits.
    ///
    /// # Errors
    ///
    /// One that [`is_locked`](super::driver::is_locked) if another program holds a lock it needs.
    pub fn begin(&self, writes: bool) -> Result<()> {
        self.writes.store(writes, Ordering::Relaxed);
        if writes {
            // Take the write lock first: a transaction that has read before and is then refused could only start over.
            return self.run("BEGIN IMMEDIATE");
        }
        self.run("BEGIN")?;
        self.run("SELECT number FROM omnikv_commits").inspect_err(|_| self.roll_back())
    }

    /// Ends the transaction. If it fails, nothing of it has happened.
    pub fn commit(&self) -> Result<()> {
        if !self.is_in_transaction() {
            return Err(Error::new(Kind::Internal, "(database) gave up its transaction"));
        }
        self.run("COMMIT").inspect_err(|_| self.roll_back())
    }

    /// Rolls the transaction back.
    fn roll_back(&self) {
        // SQLite may have ended it already, for example if its disk is full.
        if self.is_in_transaction() {
            let _ = self.run("ROLLBACK");
        }
    }

    pub fn is_in_transaction(&self) -> bool {
        self.with(|open| Ok(open.is_in_transaction())).unwrap_or(false)
    }

    /// Runs `work`, and undoes only its changes if it fails.
    fn undoing<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        self.run("SAVEPOINT omnikv")?;
        let result = work();
        if result.is_err() && self.is_in_transaction() {
            self.run("ROLLBACK TO omnikv")?;
        }
        if self.is_in_transaction() {
            self.run("RELEASE omnikv")?;
        }
        result
    }

    fn run(&self, statement: &'static str) -> Result<()> {
        self.rows(statement, &[]).map(drop)
    }

    fn rows(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        self.with(|open| open.run(text, parameters))
    }

    fn with<R>(&self, work: impl FnOnce(&dyn Driver) -> Result<R>) -> Result<R> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        work(&**inner.as_ref().ok_or_else(super::closed)?)
    }
}

impl Session for Connection {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        self.rows(text, parameters)
    }

    fn savepoint(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        self.undoing(work)
    }

    fn is_writable(&self) -> bool {
        self.writes.load(Ordering::Relaxed)
    }
}

impl Database for Arc<Connection> {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        batch(&**self, &statements, writes)
    }

    fn session(&self) -> Option<&dyn Session> {
        Some(&**self)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_VALUE_BYTES as u64,
            max_value_bytes: MAX_VALUE_BYTES as u64,
            records: true,
            consistency: "strong",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        // The worker closes it when it ends.
        Box::pin(ready(Ok(())))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_what_the_caller_wants() {
        for (synchronous, told) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
            let connection =
                Connection::over(super::super::file::open(":memory:").unwrap(), synchronous).unwrap();
            assert_eq!(connection.rows("PRAGMA synchronous", &[]).unwrap(), [vec![Field::Int(told)]]);
        }
    }
}
