// What a Durable Object's own SQLite promises, and its housekeeping: what has expired goes when its time has come. How
// statements reach it is the host's; it must not know commands.

//! The inside of a Durable Object: a store in its SQLite.

use super::NAME;
use crate::backend::Capabilities;
use crate::backend::cells::{Cells, Database, Field, SqlCells, Statement, sql};
use crate::error::{Error, Kind, Result};
use crate::options::Options;
use std::sync::Arc;

/// The platform's rows have 2 MB; a row of ours is a key, a value and a few numbers.
const ROW_BYTES: u64 = 2_000_000;
const MAX_KEY_BYTES: u64 = 64 << 10;
const MAX_VALUE_BYTES: u64 = ROW_BYTES - MAX_KEY_BYTES - 1_024;

/// What the store promises.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic: true,
    ordered: true,
    exact_counts: true,
    ttl_minimum_ms: 1,
    max_key_bytes: MAX_KEY_BYTES,
    max_value_bytes: MAX_VALUE_BYTES,
    records: false,
    consistency: "strong",
};

/// Why the database of an object refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A row of this size.
    TooLarge,
    /// Anything more.
    Full,
    /// A statement.
    Failed,
}

impl Refusal {
    /// What SQLite means by its message.
    pub fn of(message: &str) -> Refusal {
        let message = message.to_ascii_lowercase();
        let has = |words: [&str; 2]| words.iter().any(|words| message.contains(words));
        match () {
            () if has(["sqlite_toobig", "too big"]) => Refusal::TooLarge,
            () if has(["sqlite_full", "is full"]) => Refusal::Full,
            () => Refusal::Failed,
        }
    }

    /// How it is told.
    pub fn error(self) -> Error {
        match self {
            Refusal::TooLarge => {
                Error::new(Kind::TooLarge, "(value) expects less: the platform's rows have 2 MB")
            }
            Refusal::Full => {
                Error::new(Kind::OutOfMemory, "(storage) is full: the platform gives an object 10 GB")
            }
            Refusal::Failed => Error::new(Kind::Internal, "(storage) made SQLite fail"),
        }
    }
}

/// The longest request that an object takes: far more than a client of ours sends at once.
pub const MAX_REQUEST_BYTES: usize = 32 << 20;

/// The store in an object's database, whose name is [`NAME`] and whose capabilities are [`CAPABILITIES`]. Its tables are made
/// if they are not there.
///
/// # Errors
///
/// `unsupported` for options of a store in memory, and those of the database.
pub async fn open<D: Database + 'static>(database: D, options: &Options) -> Result<Cells> {
    let make = |text| Statement { text, parameters: Vec::new() };
    database.batch(sql::SCHEMA.map(make).into(), true).await?;
    Cells::new(Arc::new(SqlCells::new(database)), options)
}

/// Removes what has expired by this moment, in milliseconds since 1970, and tells when the next entry will.
///
/// # Errors
///
/// Those of the database.
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
/// Those of the database.
pub async fn next_deadline<D: Database>(database: &D) -> Result<Option<u64>> {
    let ask = Statement { text: sql::NEXT_DEADLINE, parameters: Vec::new() };
    let rows = database.batch(vec![ask], false).await?.unwrap_or_default();
    match rows.first().and_then(|rows| rows.first()).and_then(|row| row.first()) {
        Some(Field::Int(deadline)) => Ok(Some(u64::try_from(*deadline).unwrap_or(0))),
        Some(Field::Null) => Ok(None),
        _ => Err(Error::new(Kind::Internal, ["(", NAME, ") gave no deadline"].concat())),
    }
}
