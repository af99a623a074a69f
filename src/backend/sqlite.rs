// SQLite in a file of this machine, as a store of entries. The statements are `cells::sql`'s; it must not know commands.

//! A store in a SQLite database: `sqlite:file.db`, or `sqlite::memory:` for a private one.
//!
//! Several handles and processes may use one file. Calls block their thread while the database works.

use super::{BoxFuture, Capabilities};
use crate::cells::{Cell, CellStore, Cells, Commit, Head, Listing, Loaded, Outcome, Pause, Span, Write, sql};
use crate::command::{Key, ValueType};
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use crate::store::Options;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior, params};
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a call waits while others hold the file.
const BUSY: Duration = Duration::from_secs(5);

/// Opens what stands behind `sqlite:` in a URL: the path of a file, which is made if missing, or `:memory:`.
///
/// # Errors
///
/// `unavailable` for a file that cannot be opened or is no database; `unsupported` for options of a store in memory.
pub fn open(path: &str, options: &Options) -> Result<Cells> {
    let store = Sqlite::open(path).map_err(|error| error.in_backend("sqlite"))?;
    Ok(Cells::new(Arc::new(store), options)?.with_pause(Arc::new(Sleep)))
}

/// The database blocks the thread, and so may the wait for those who were faster.
struct Sleep;

impl Pause for Sleep {
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move { std::thread::sleep(Duration::from_millis(milliseconds)) })
    }
}

/// One connection to a database.
pub struct Sqlite {
    /// Nothing once closed.
    connection: Mutex<Option<Connection>>,
}

impl Sqlite {
    fn open(path: &str) -> Result<Sqlite> {
        if path.is_empty() {
            return Err(Error::invalid_argument("(url) expects sqlite:file.db or sqlite::memory:"));
        }
        let prepare = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY)?;
            // Readers and a writer side by side; a power cut may lose the last commits, but never tears one.
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
            for statement in sql::SCHEMA {
                connection.execute(statement, [])?;
            }
            Ok(connection)
        };
        let connection = prepare().map_err(|error: rusqlite::Error| fault(&error))?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Sqlite { connection: Mutex::new(Some(connection)) })
    }

    fn with<R>(&self, run: impl FnOnce(&mut Connection) -> rusqlite::Result<R>) -> Result<R> {
        // A panic leaves no transaction open: dropping one rolls it back.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection =
            connection.as_mut().ok_or_else(|| Error::new(Kind::Closed, "(store) has been closed"))?;
        run(connection).map_err(|error| fault(&error))
    }

    fn load_all(&self, keys: &[Key]) -> Result<Loaded> {
        let cells = self.with(|connection| {
            let transaction = connection.transaction()?;
            let cells = {
                let mut load = transaction.prepare_cached(sql::LOAD)?;
                let cell = |key: &Key| load.query_row([key.as_str()], read_cell).optional();
                keys.iter().map(cell).collect::<rusqlite::Result<Vec<_>>>()?
            };
            transaction.commit()?;
            Ok(cells)
        })?;
        Ok(Loaded { cells, now_ms: None })
    }

    fn commit_all(&self, commit: &Commit) -> Result<Outcome> {
        self.with(|connection| {
            // Asks for the right to write first: who reads before and is then refused would fail instead of waiting.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (key, version) in &commit.checks {
                let version = version.map(|version| version as i64);
                match transaction.prepare_cached(sql::CHECK)?.execute(params![key.as_str(), version]) {
                    Ok(_) => {}
                    Err(error) if error.to_string().contains(sql::CONFLICT) => return Ok(Outcome::Conflict),
                    Err(error) => return Err(error),
                }
            }
            transaction.prepare_cached(sql::COUNT_COMMIT)?.execute([])?;
            for write in &commit.writes {
                match write {
                    Write::Put { key, value, kind, deadline } => {
                        let deadline = deadline.map(|deadline| deadline as i64);
                        let mut put = transaction.prepare_cached(sql::PUT)?;
                        put.execute(params![key.as_str(), value, kind.name(), deadline])?;
                    }
                    Write::Delete { key } => {
                        transaction.prepare_cached(sql::DELETE)?.execute([key.as_str()])?;
                    }
                }
            }
            transaction.prepare_cached(sql::SWEEP)?.execute([commit.now_ms as i64])?;
            transaction.commit()?;
            Ok(Outcome::Committed)
        })
    }

    fn list_page(&self, span: &Span, from: Option<&str>, limit: usize) -> Result<Listing> {
        let (statement, start, end) = match (span.reverse, from) {
            (false, None) => (sql::LIST, span.start.as_str(), span.end.as_deref()),
            (false, Some(last)) => (sql::LIST_AFTER, last, span.end.as_deref()),
            (true, last) => (sql::LIST_REVERSE, span.start.as_str(), last.or(span.end.as_deref())),
        };
        // One more than is wanted tells whether there is a page after this one.
        let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut heads = self.with(|connection| {
            let mut list = connection.prepare_cached(statement)?;
            list.query_map(params![start, end, asked], read_head)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let has_more = heads.len() > limit;
        heads.truncate(limit);
        let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
        Ok(Listing { heads, next, now_ms: None })
    }
}

fn read_cell(row: &Row) -> rusqlite::Result<Cell> {
    let value = match row.get_ref(0)? {
        // As another program may have written it.
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        other => return Err(rusqlite::Error::InvalidColumnType(0, "value".into(), other.data_type())),
    };
    Ok(Cell {
        value,
        kind: read_kind(row, 1)?,
        deadline: read_deadline(row, 2)?,
        version: row.get::<_, i64>(3)? as u64,
    })
}

fn read_head(row: &Row) -> rusqlite::Result<Head> {
    Ok(Head {
        key: Key(row.get(0)?),
        kind: read_kind(row, 1)?,
        deadline: read_deadline(row, 2)?,
        version: row.get::<_, i64>(3)? as u64,
    })
}

fn read_kind(row: &Row, column: usize) -> rusqlite::Result<ValueType> {
    let kind = row.get_ref(column)?;
    let known = kind.as_str().ok().and_then(ValueType::from_name);
    known.ok_or_else(|| rusqlite::Error::InvalidColumnType(column, "type".into(), kind.data_type()))
}

fn read_deadline(row: &Row, column: usize) -> rusqlite::Result<Option<u64>> {
    // A moment before 1970 is as past as 1970.
    Ok(row.get::<_, Option<i64>>(column)?.map(|deadline| u64::try_from(deadline).unwrap_or(0)))
}

/// SQLite's words may quote what was stored: only its codes come out.
fn fault(error: &rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (Kind::Unavailable, "(file) is held by another program; try again")
        }
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
        None => (Kind::InvalidValue, "(file) holds a row that is not as omnikv writes it"),
    };
    Error::new(kind, message)
}

impl CellStore for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(async { self.load_all(keys) })
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async { self.commit_all(commit) })
    }

    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(async move { self.list_page(span, from, limit) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_VALUE_BYTES as u64,
            max_value_bytes: MAX_VALUE_BYTES as u64,
            consistency: "strong",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Box::pin(ready(Ok(())))
    }
}
