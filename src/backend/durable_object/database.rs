// The guarantees of a Durable Object's SQLite, and the removal of expired entries. How statements reach it is up to the
// host. No knowledge of commands.

//! Inside a Durable Object: a store in its SQLite.

use super::NAME;
use crate::backend::Capabilities;
use crate::backend::cells::{Cells, Database, Field, SqlCells, Statement, schema, sql};
use crate::error::{Error, Kind, Result};
use crate::options::Options;
use std::sync::Arc;

/// The platform limits rows to 2 MB; our rows are a key, a value and a few numbers.
const ROW_BYTES: u64 = 2_000_000;
const MAX_KEY_BYTES: u64 = 64 << 10;
const MAX_VALUE_BYTES: u64 = ROW_BYTES - MAX_KEY_BYTES - 1_024;

/// What the store guarantees.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic: true,
    ordered: true,
    exact_counts: true,
    ttl_minimum_ms: 1,
    max_key_bytes: MAX_KEY_BYTES,
    max_value_bytes: MAX_VALUE_BYTES,
    records: true,
    consistency: "strong",
};

/// Why an object's database fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A row is too large.
    TooLarge,
    /// The database is full.
    Full,
    /// A statement failed.
    Failed,
}

impl Refusal {
    /// Parses SQLite's message.
    pub fn of(message: &str) -> Refusal {
        let message = message.to_ascii_lowercase();
        let has = |words: [&str; 2]| words.iter().any(|words| message.contains(words));
        match () {
            () if has(["sqlite_toobig", "too big"]) => Refusal::TooLarge,
            () if has(["sqlite_full", "is full"]) => Refusal::Full,
            () => Refusal::Failed,
        }
    }

    /// The corresponding error.
    pub fn error(self) -> Error {
        match self {
            Refusal::TooLarge => {
                Error::new(Kind::TooLarge, "(value) is too large: a row of the platform has 2 MB")
            }
            Refusal::Full => {
                Error::new(Kind::OutOfMemory, "(storage) is full: the platform gives an object 10 GB")
            }
            Refusal::Failed => Error::new(Kind::Internal, "(storage) made SQLite fail"),
        }
    }
}

/// The largest request that an object accepts: far more than our clients send at once.
pub const MAX_REQUEST_BYTES: usize = 32 << 20;

/// Opens the store in an object's database, with the name [`NAME`] and the capabilities [`CAPABILITIES`]. Creates its
/// tables, or brings them to this version.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have, and if a later version of omnikv has used the database; errors
/// of the database.
pub async fn open<D: Database + 'static>(database: D, options: &Options) -> Result<Cells> {
    schema::prepare(&database).await?;
    Cells::new(Arc::new(SqlCells::new(database)), options)
}

/// Removes entries that have expired by this time, in milliseconds since 1970, and returns when the next one expires.
///
/// # Errors
///
/// Errors of the database.
pub async fn sweep<D: Database>(database: &D, now_ms: u64) -> Result<Option<u64>> {
    let now = Field::Int(i64::try_from(now_ms).unwrap_or(i64::MAX));
    loop {
        let next = next_deadline(database).await?;
        if next.is_none_or(|next| next > now_ms) {
            return Ok(next);
        }
        let sweep = Statement { text: sql::SWEEP, parameters: vec![now.clone()] };
        database.batch(vec![sweep], true).await?;
    }
}

/// When the next entry expires, in milliseconds since 1970.
///
/// # Errors
///
/// Errors of the database.
pub async fn next_deadline<D: Database>(database: &D) -> Result<Option<u64>> {
    let ask = Statement { text: sql::NEXT_DEADLINE, parameters: Vec::new() };
    let rows = database.batch(vec![ask], false).await?.unwrap_or_default();
    match rows.first().and_then(|rows| rows.first()).and_then(|row| row.first()) {
        Some(Field::Int(deadline)) => Ok(Some(u64::try_from(*deadline).unwrap_or(0))),
        Some(Field::Null) => Ok(None),
        _ => Err(Error::new(Kind::Internal, ["(", NAME, ") gave no deadline"].concat())),
    }
}
