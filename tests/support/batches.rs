// A SQLite database that takes batches of statements and runs no code between them, as D1 and rqlite do, in a file. It
// refuses what these refuse.

use omnikv::backend::cells::{Database, Field, Row, Statement, sql};
use omnikv::backend::{BoxFuture, Capabilities};
use omnikv::error::{Error, Kind, Result};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior, params_from_iter};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One connection to the file. Clones share it.
#[derive(Clone)]
pub struct Batches {
    connection: Arc<Mutex<Connection>>,
    /// How many batches have run that may write, and how many that only read.
    pub writes: Arc<AtomicU64>,
    pub reads: Arc<AtomicU64>,
    /// What happens before a batch that may write.
    pub before_write: Arc<Mutex<Option<BeforeWrite>>>,
    /// The most bytes of a value.
    pub max_value_bytes: u64,
}

type BeforeWrite = Box<dyn FnMut(&Connection) + Send>;

impl Batches {
    pub fn open(path: impl AsRef<Path>) -> Batches {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        Batches {
            connection: Arc::new(Mutex::new(connection)),
            writes: Arc::default(),
            reads: Arc::default(),
            before_write: Arc::default(),
            max_value_bytes: 128 << 20,
        }
    }

    fn run(&self, statements: &[Statement], writes: bool) -> Result<Option<Vec<Vec<Row>>>> {
        let mut connection = self.connection.lock().unwrap();
        let behavior = match writes {
            true => TransactionBehavior::Immediate,
            false => TransactionBehavior::Deferred,
        };
        if writes && let Some(before) = &mut *self.before_write.lock().unwrap() {
            before(&connection);
        }
        let batch = connection.transaction_with_behavior(behavior).map_err(failed)?;
        let rows = statements.iter().map(|statement| {
            assert!(statement.parameters.len() <= 100 && statement.text.len() <= 100_000);
            let mut prepared = batch.prepare_cached(statement.text)?;
            assert!(writes || prepared.readonly());
            let parameters = params_from_iter(statement.parameters.iter().map(Parameter));
            let rows = prepared.query_map(parameters, read_row)?;
            rows.collect::<rusqlite::Result<Vec<Row>>>()
        });
        match rows.collect::<rusqlite::Result<Vec<Vec<Row>>>>() {
            Ok(rows) => {
                batch.commit().map_err(failed)?;
                Ok(Some(rows))
            }
            Err(error) if error.to_string().contains(sql::CONFLICT) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: rusqlite::Error) -> Error {
    Error::new(Kind::Internal, error.to_string())
}

struct Parameter<'a>(&'a Field);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Field::Null => ToSqlOutput::Owned(Value::Null),
            // As JavaScript would bind it.
            Field::Int(number) if number.unsigned_abs() < 1 << 53 => {
                ToSqlOutput::Owned(Value::Real(*number as f64))
            }
            Field::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Field::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Field::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn read_row(row: &rusqlite::Row) -> rusqlite::Result<Row> {
    let field = |column| {
        Ok(match row.get(column)? {
            Value::Null => Field::Null,
            Value::Integer(number) => Field::Int(number),
            Value::Text(text) => Field::Text(text),
            Value::Blob(bytes) => Field::Blob(bytes),
            Value::Real(number) => panic!("{number} in column {column}"),
        })
    };
    (0..row.as_ref().column_count()).map(field).collect()
}

impl Database for Batches {
    fn name(&self) -> &'static str {
        "batches"
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        Box::pin(async move {
            let counter = if writes { &self.writes } else { &self.reads };
            counter.fetch_add(1, Ordering::Relaxed);
            // Others go on while the batch travels.
            wait_once().await;
            self.run(&statements, writes)
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: 2048,
            max_value_bytes: self.max_value_bytes,
            records: true,
            consistency: "strong",
        }
    }

    fn combines(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// Waits once.
async fn wait_once() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
