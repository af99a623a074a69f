// What a store needs of SQLite, whoever provides it: rusqlite natively, the host in JavaScript. And SQLite's errors, which
// mean the same everywhere. No knowledge of transactions or cells.

use crate::backend::cells::{Field, Row};
use crate::error::{Error, Kind, Result};

/// An open database. Dropping it closes it.
pub trait Driver {
    /// Runs one statement and returns its rows. Never waits for a lock.
    ///
    /// # Errors
    ///
    /// [`fault`] of SQLite's code.
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>>;

    /// Whether a transaction is open.
    fn is_in_transaction(&self) -> bool;
}

/// The error for one of SQLite's result codes (<https://sqlite.org/rescode.html>), of which only the lowest byte counts.
/// SQLite's own messages may quote stored values, so they are not used.
pub fn fault(code: i32) -> Error {
    let code = code & 0xff;
    let (kind, message) = match code {
        // BUSY, LOCKED
        5 | 6 => (
            Kind::Timeout,
            "(file) is locked by another program: end that program's transaction, or wait longer by ?timeout=SECONDS \
             in the URL",
        ),
        // FULL
        13 => (Kind::OutOfMemory, "(file) has no room left on its disk"),
        // TOOBIG
        18 => (Kind::TooLarge, "(value) is longer than SQLite takes"),
        // PERM, READONLY
        3 | 8 => (Kind::PermissionDenied, "(file) may not be written"),
        // CANTOPEN
        14 => (Kind::Unavailable, "(file) cannot be opened: check the path after sqlite:"),
        // NOTADB
        26 => (Kind::Unavailable, "(file) is no SQLite database"),
        _ => {
            let message =
                format!("(file) made SQLite fail with code {code} of https://sqlite.org/rescode.html");
            return Error::new(Kind::Internal, message);
        }
    };
    Error::new(kind, message)
}

/// Whether the error means that another program holds a lock.
pub(super) fn is_locked(error: &Error) -> bool {
    error.kind() == Kind::Timeout
}

/// The error for a row with a value that we never write.
pub fn foreign_row() -> Error {
    Error::new(Kind::InvalidValue, "(file) holds a row that omnikv did not write")
}
