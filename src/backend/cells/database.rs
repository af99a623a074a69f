// A store of entries in SQLite, wherever it runs. The SQL text is in `sql.rs`; `Database` hides how statements reach
// the database.

mod parts;

use super::{
    Cell, CellStore, Commit, Head, Listing, Loaded, Outcome, PartStore, RecordStore, Span, Write, schema, sql,
};
use crate::backend::{BoxFuture, Capabilities};
use crate::command::{Bytes, Key, ValueType};
use crate::error::{Error, Kind, Result};
use crate::host::MaybeSend;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};

/// A statement parameter, or a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// NULL.
    Null,
    /// INTEGER.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(Bytes),
}

/// A row, with its columns in the statement's order.
pub type Row = Vec<Field>;

/// A statement of [`sql`] and its parameters; the first is `?1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The SQL text.
    pub text: &'static str,
    /// The parameters.
    pub parameters: Vec<Field>,
}

/// Access to a SQLite database: a file, a Durable Object's storage, D1, rqlite.
pub trait Database: MaybeSend {
    /// The store's name: also its file, its feature and its URL scheme.
    fn name(&self) -> &'static str;

    /// Runs statements in order, all or nothing and isolated from others, and returns the rows of each. If a statement
    /// fails with [`sql::CONFLICT`] in the message, returns `None` and changes nothing. `writes` says whether any
    /// statement may change something.
    fn batch(&self, statements: Vec<Statement>, writes: bool)
    -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>>;

    /// The database's transaction, if the database never waits and nobody else can change anything meanwhile.
    fn session(&self) -> Option<&dyn Session> {
        None
    }

    /// What the database guarantees.
    fn capabilities(&self) -> Capabilities;

    /// See [`CellStore::combines`].
    fn combines(&self) -> bool {
        false
    }

    /// Releases everything that is held open.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}

/// A SQLite database whose statements are done when they return, and which nobody else can change until one of
/// [`Cells`](super::Cells)' futures completes: it has one thread, or is the inside of an open transaction.
pub trait Session: MaybeSend {
    /// Runs a statement, and returns its rows.
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>>;

    /// Runs `work`, and undoes its changes if it fails. Can be nested.
    fn savepoint(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()>;

    /// Whether statements may change something now.
    fn is_writable(&self) -> bool {
        true
    }
}

/// [`Database::batch`] in a session.
pub fn batch(
    session: &dyn Session,
    statements: &[Statement],
    writes: bool,
) -> BoxFuture<'static, Result<Option<Vec<Vec<Row>>>>> {
    let run =
        || statements.iter().map(|statement| session.run(statement.text, &statement.parameters)).collect();
    Box::pin(ready(if writes { savepoint(session, run) } else { run() }.map(Some)))
}

/// Runs `work` in the session, and undoes its changes if it fails.
pub(super) fn savepoint<R>(session: &dyn Session, work: impl Fn() -> Result<R>) -> Result<R> {
    let mut done = None;
    session.savepoint(&mut || {
        done = Some(work()?);
        Ok(())
    })?;
    done.ok_or_else(|| Error::new(Kind::Internal, "(database) did not run its transaction"))
}

/// A store of entries in a SQLite database. One without a session gets its tables with the first call; in one with a
/// session they exist ([`schema::prepare`]).
pub struct SqlCells<D> {
    database: D,
    is_prepared: AtomicBool,
}

impl<D: Database> SqlCells<D> {
    /// Creates a store on the database.
    pub fn new(database: D) -> SqlCells<D> {
        SqlCells { database, is_prepared: AtomicBool::new(false) }
    }

    /// The database, with tables of this version.
    pub(super) async fn prepared(&self) -> Result<&D> {
        if self.database.session().is_none() && !self.is_prepared.load(Ordering::Relaxed) {
            // The call itself has not begun.
            schema::prepare(&self.database).await.map_err(|error| error.not_applied())?;
            self.is_prepared.store(true, Ordering::Relaxed);
        }
        Ok(&self.database)
    }

    async fn load_all(&self, keys: &[Key]) -> Result<Loaded> {
        let rows = self.prepared().await?.batch(Self::loads(keys), false).await?.ok_or_else(unreadable)?;
        Ok(Loaded { cells: Self::read_cells(rows.into_iter())?, now_ms: None })
    }

    /// The statements that load entries.
    pub(super) fn loads(keys: &[Key]) -> Vec<Statement> {
        keys.iter().map(|key| statement(sql::LOAD, vec![text(key)])).collect()
    }

    /// The entries from the rows of these statements.
    pub(super) fn read_cells(rows: impl Iterator<Item = Vec<Row>>) -> Result<Vec<Option<Cell>>> {
        rows.map(|rows| rows.into_iter().next().map(read_cell).transpose()).collect()
    }

    async fn commit_all(&self, commit: &Commit) -> Result<Outcome> {
        let mut statements = Self::checks(commit);
        statements.extend(Self::writes(commit));
        let done = self.prepared().await?.batch(statements, true).await?;
        Ok(if done.is_some() { Outcome::Committed } else { Outcome::Conflict })
    }

    /// The statements that fail unless the checks hold.
    pub(super) fn checks(commit: &Commit) -> Vec<Statement> {
        let check = |(key, version): &(Key, Option<u64>)| {
            statement(sql::CHECK, vec![text(key), version.map_or(Field::Null, integer)])
        };
        commit.checks.iter().map(check).collect()
    }

    /// The statements that write.
    pub(super) fn writes(commit: &Commit) -> Vec<Statement> {
        if commit.writes.is_empty() {
            return Vec::new();
        }
        let mut statements = vec![statement(sql::COUNT_COMMIT, Vec::new())];
        for write in &commit.writes {
            match write {
                Write::Put { key, value, kind, deadline, form } => {
                    let kind = Field::Text(Cell::type_text(*kind, form.is_long()).to_owned());
                    let deadline = deadline.map_or(Field::Null, integer);
                    let parameters = vec![text(key), Field::Blob(value.clone()), kind, deadline];
                    statements.push(statement(sql::PUT, parameters));
                    parts::write(key, form, &mut statements);
                }
                Write::Delete { key } => statements.push(statement(sql::DELETE, vec![text(key)])),
            }
        }
        statements.push(statement(sql::SWEEP, vec![integer(commit.now_ms)]));
        statements
    }

    async fn list_page(&self, span: &Span, from: Option<&str>, limit: usize) -> Result<Listing> {
        let (list, start, end) = match (span.reverse, from) {
            (false, None) => (sql::LIST, span.start.as_str(), span.end.as_deref()),
            (false, Some(last)) => (sql::LIST_AFTER, last, span.end.as_deref()),
            (true, last) => (sql::LIST_REVERSE, span.start.as_str(), last.or(span.end.as_deref())),
        };
        let end = end.map_or(Field::Null, |end| Field::Text(end.to_owned()));
        // Request one entry more than wanted, to see whether there is another page.
        let asked = integer(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
        let list = statement(list, vec![Field::Text(start.to_owned()), end, asked]);
        let rows = self.prepared().await?.batch(vec![list], false).await?.ok_or_else(unreadable)?;
        let mut heads = rows.into_iter().flatten().map(read_head).collect::<Result<Vec<_>>>()?;
        let has_more = heads.len() > limit;
        heads.truncate(limit);
        let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
        Ok(Listing { heads, next, now_ms: None })
    }
}

fn statement(text: &'static str, parameters: Vec<Field>) -> Statement {
    Statement { text, parameters }
}

fn text(key: &Key) -> Field {
    Field::Text(key.0.clone())
}

pub(super) fn integer(number: u64) -> Field {
    Field::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Reads an entry from a row of value (a blob), type, deadline or null, and version.
///
/// # Errors
///
/// `invalid-value` if omnikv did not write the row.
pub fn read_cell(row: Row) -> Result<Cell> {
    let [value, kind, deadline, version] = columns(row)?;
    let value = match value {
        Field::Blob(bytes) => bytes,
        Field::Null | Field::Int(_) | Field::Text(_) => return Err(unreadable()),
    };
    let (kind, is_long) = read_kind(&kind)?;
    Ok(Cell { value, kind, is_long, deadline: read_deadline(&deadline)?, version: read_version(&version)? })
}

/// Reads an entry of a listing from a row of key (a blob), type, deadline or null, and version.
///
/// # Errors
///
/// `invalid-value` if omnikv did not write the row.
pub fn read_head(row: Row) -> Result<Head> {
    let [key, kind, deadline, version] = columns(row)?;
    let key = match key {
        Field::Blob(bytes) => String::from_utf8(bytes).map_err(|_| unreadable())?,
        // rqlite takes an expression's bytes for text.
        Field::Text(text) => text,
        Field::Null | Field::Int(_) => return Err(unreadable()),
    };
    Ok(Head {
        key: Key(key),
        kind: read_kind(&kind)?.0,
        deadline: read_deadline(&deadline)?,
        version: read_version(&version)?,
    })
}

fn columns(row: Row) -> Result<[Field; 4]> {
    row.try_into().map_err(|_| unreadable())
}

fn read_kind(field: &Field) -> Result<(ValueType, bool)> {
    let text = if let Field::Text(text) = field { Some(text) } else { None };
    text.and_then(|text| Cell::read_type(text)).ok_or_else(unreadable)
}

fn read_deadline(field: &Field) -> Result<Option<u64>> {
    match field {
        Field::Null => Ok(None),
        // A moment before 1970 is simply in the past.
        Field::Int(moment) => Ok(Some(u64::try_from(*moment).unwrap_or(0))),
        Field::Text(_) | Field::Blob(_) => Err(unreadable()),
    }
}

fn read_version(field: &Field) -> Result<u64> {
    let number = if let Field::Int(number) = field { u64::try_from(*number).ok() } else { None };
    number.ok_or_else(unreadable)
}

pub(super) fn unreadable() -> Error {
    Error::invalid_value("found a row that omnikv did not write")
}

impl<D: Database> CellStore for SqlCells<D> {
    fn name(&self) -> &'static str {
        self.database.name()
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
        Box::pin(self.list_page(span, from, limit))
    }

    fn capabilities(&self) -> Capabilities {
        self.database.capabilities()
    }

    fn session(&self) -> Option<&dyn Session> {
        self.database.session()
    }

    fn parts(&self) -> Option<&dyn PartStore> {
        Some(self)
    }

    fn combines(&self) -> bool {
        self.database.combines()
    }

    fn records(&self) -> Option<&dyn RecordStore> {
        self.database.session().is_none().then_some(self)
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.database.close()
    }
}
