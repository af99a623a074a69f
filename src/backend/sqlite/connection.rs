// A connection to a SQLite database, as its thread uses it: transactions around callers' work, and the statements of
// `cells::sql` inside them. No knowledge of cells or commands.

use crate::backend::cells::{Database, Field, Row, Session, Statement, sql};
use crate::backend::{BoxFuture, Capabilities};
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, ToSql, params_from_iter};
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The pause between attempts to open a file that another program keeps locked.
const PAUSE: Duration = Duration::from_millis(10);

/// A connection. Only its thread uses it; the lock is there to share it with the handles' cells.
pub(super) struct Connection {
    /// `None` once closed.
    inner: Mutex<Option<rusqlite::Connection>>,
    /// Whether the transaction may write.
    writes: AtomicBool,
}

impl Connection {
    /// Opens the file and creates the tables if they are missing, as soon as other programs allow it, at the latest by
    /// `deadline`.
    pub fn open(path: &str, deadline: Instant) -> Result<Connection> {
        loop {
            match Connection::open_now(path).map_err(|error| fault(&error)) {
                Err(error) if is_locked(&error) && Instant::now() < deadline => sleep(PAUSE),
                opened => return opened,
            }
        }
    }

    fn open_now(path: &str) -> rusqlite::Result<Connection> {
        let mut inner = rusqlite::Connection::open(path)?;
        // On a lock, each caller decides itself whether and where to wait.
        inner.busy_timeout(Duration::ZERO)?;
        // WAL lets readers and a writer work side by side. A power failure may lose the last commits, but never
        // corrupts one.
        inner.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        inner.set_prepared_statement_cache_capacity(64);
        let transaction = inner.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for statement in sql::SCHEMA {
            transaction.execute(statement, [])?;
        }
        transaction.commit()?;
        Ok(Connection { inner: Mutex::new(Some(inner)), writes: AtomicBool::new(false) })
    }

    pub fn close(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Begins a transaction: with the write lock, or with a snapshot for reading. Never waits.
    ///
    /// # Errors
    ///
    /// One that [`is_locked`] if another program holds a lock it needs.
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
        self.with(|inner| Ok(!inner.is_autocommit())).unwrap_or(false)
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

    fn run(&self, statement: &str) -> Result<()> {
        self.with(|inner| inner.prepare_cached(statement)?.query([])?.next().map(drop))
    }

    fn rows(&self, text: &str, parameters: &[Field]) -> Result<Vec<Row>> {
        self.with(|inner| {
            let mut statement = inner.prepare_cached(text)?;
            statement.query_map(params_from_iter(parameters), read_row)?.collect()
        })
    }

    fn with<R>(&self, work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<R>) -> Result<R> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = inner.as_ref().ok_or_else(super::closed)?;
        work(inner).map_err(|error| fault(&error))
    }

    fn run_all(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        statements.iter().map(|Statement { text, parameters }| self.rows(text, parameters)).collect()
    }
}

fn read_row(row: &rusqlite::Row) -> rusqlite::Result<Row> {
    (0..row.as_ref().column_count()).map(|column| read_field(row, column)).collect()
}

fn read_field(row: &rusqlite::Row, column: usize) -> rusqlite::Result<Field> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Field::Null,
        ValueRef::Integer(number) => Field::Int(number),
        ValueRef::Text(bytes) => match str::from_utf8(bytes) {
            Ok(text) => Field::Text(text.to_owned()),
            Err(_) => Field::Blob(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Field::Blob(bytes.to_vec()),
        other @ ValueRef::Real(_) => {
            return Err(rusqlite::Error::InvalidColumnType(column, "number".into(), other.data_type()));
        }
    })
}

impl ToSql for Field {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Field::Null => ValueRef::Null,
            Field::Int(number) => ValueRef::Integer(*number),
            Field::Text(text) => ValueRef::Text(text.as_bytes()),
            Field::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Whether the error means that another program holds a lock.
pub(super) fn is_locked(error: &Error) -> bool {
    error.kind() == Kind::Timeout
}

/// SQLite's messages may quote stored values, so only its codes are used.
fn fault(error: &rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            Kind::Timeout,
            "(file) is locked by another program: end that program's transaction, or wait longer by ?timeout=SECONDS \
             in the URL",
        ),
        Some(ErrorCode::DiskFull) => (Kind::OutOfMemory, "(file) has no room left on its disk"),
        Some(ErrorCode::TooBig) => (Kind::TooLarge, "(value) is longer than SQLite takes"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (Kind::PermissionDenied, "(file) may not be written")
        }
        Some(ErrorCode::CannotOpen) => {
            (Kind::Unavailable, "(file) cannot be opened: check the path after sqlite:")
        }
        Some(ErrorCode::NotADatabase) => (Kind::Unavailable, "(file) is no SQLite database"),
        Some(code) => {
            return Error::new(Kind::Internal, format!("(file) made SQLite fail: {code:?}"));
        }
        None => (Kind::InvalidValue, "(file) holds a row that omnikv did not write"),
    };
    Error::new(kind, message)
}

impl Session for Connection {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        self.rows(text, parameters)
    }

    fn whole(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
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
        let run = || self.run_all(&statements);
        Box::pin(ready(if writes { self.undoing(run) } else { run() }.map(Some)))
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
