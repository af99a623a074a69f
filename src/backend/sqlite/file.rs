// SQLite for native programs, by rusqlite: opens files, and converts values. No transactions, no statements of its own.

use super::driver::{Driver, fault, foreign_row};
use crate::backend::cells::{Field, Row};
use crate::error::{Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

/// The most statements that are kept prepared.
const STATEMENTS: usize = 64;

/// Opens a file, which is created if it is missing.
pub(super) fn open(path: &str) -> Result<Box<dyn Driver + Send>> {
    let opened = Connection::open(path).map_err(|error| error_of(&error))?;
    opened.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(Box::new(opened))
}

impl Driver for Connection {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        let run = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.prepare_cached(text)?;
            statement.query_map(params_from_iter(parameters), read_row)?.collect()
        };
        run().map_err(|error| error_of(&error))
    }

    fn is_in_transaction(&self) -> bool {
        !self.is_autocommit()
    }
}

fn error_of(error: &rusqlite::Error) -> Error {
    error.sqlite_error().map_or_else(foreign_row, |error| fault(error.extended_code))
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
