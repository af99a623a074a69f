// SQLite in a file of this machine. The statements are those of `cells::sql`; it must not know cells or commands.

//! A store in a SQLite database: `sqlite:file.db`, or `sqlite::memory:` for a private one.
//!
//! Several handles and processes may use one file. Calls block their thread while the database works.

use super::{BoxFuture, Capabilities};
use crate::cells::{Cells, Database, Field, Pause, Row, SqlCells, Statement, sql};
use crate::engine::MAX_VALUE_BYTES;
use crate::error::{Error, Kind, Result};
use crate::options::Options;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, TransactionBehavior, params_from_iter};
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
    Ok(Cells::new(Arc::new(SqlCells::new(store)), options)?.with_pause(Arc::new(Sleep)))
}

/// The database blocks the thread, and so may the wait for those who were faster.
struct Sleep;

impl Pause for Sleep {
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move { std::thread::sleep(Duration::from_millis(milliseconds)) })
    }
}

/// One connection to a database.
struct Sqlite {
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

    fn run(&self, statements: &[Statement], writes: bool) -> Result<Option<Vec<Vec<Row>>>> {
        // Who will write asks for the right to first: who reads before and is then refused would fail instead of waiting.
        let behavior = if writes { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let mut results = Vec::with_capacity(statements.len());
            for Statement { text, parameters } in statements {
                let mut statement = transaction.prepare_cached(text)?;
                let rows = statement.query_map(params_from_iter(parameters), read_row)?;
                match rows.collect::<rusqlite::Result<Vec<Row>>>() {
                    Ok(rows) => results.push(rows),
                    // The transaction is rolled back as it is dropped.
                    Err(error) if error.to_string().contains(sql::CONFLICT) => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
            transaction.commit()?;
            Ok(Some(results))
        })
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

impl Database for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        Box::pin(async move { self.run(&statements, writes) })
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
