// What SQLite's messages mean, for databases whose API tells failures by these alone. The messages may quote values, so
// none is shown.

use super::Statement;
use super::sql::{self, CONFLICT};
use crate::error::{Error, Kind};

/// Why statements that were sent together did not run. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A check does not hold.
    Conflict,
    /// Our tables are missing.
    NoTables,
    /// A value is too large.
    TooLarge,
    /// The database is full.
    Full,
    /// Anything else.
    Other,
}

impl Failure {
    /// Reads SQLite's message.
    pub fn of(message: &str) -> Failure {
        let message = message.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|words| message.contains(words));
        match () {
            () if has(&[CONFLICT]) => Failure::Conflict,
            () if has(&["no such table: omnikv"]) => Failure::NoTables,
            () if has(&["too big", "toobig"]) => Failure::TooLarge,
            () if has(&["is full", "sqlite_full", "maximum db size"]) => Failure::Full,
            () => Failure::Other,
        }
    }

    /// The corresponding error; `None` for a conflict.
    pub fn error(self) -> Option<Error> {
        let (kind, message) = match self {
            Failure::Conflict => return None,
            Failure::NoTables => (Kind::Internal, "(database) has lost its tables"),
            Failure::TooLarge => (Kind::TooLarge, "(value) is too large for a row of the database"),
            Failure::Full => (Kind::OutOfMemory, "(database) is full"),
            Failure::Other => (Kind::Internal, "(database) made SQLite fail"),
        };
        Some(Error::new(kind, message))
    }
}

/// Whether the statement changes nothing more when it runs again: what it writes does not depend on what was there.
pub(crate) fn is_repeatable(statement: &Statement) -> bool {
    let parts = [sql::PUT_PART, sql::PUT_PARTS, sql::DELETE_PARTS, sql::DELETE_ALL_PARTS];
    let again = [sql::COUNT_COMMIT, sql::PUT, sql::DELETE, sql::SWEEP];
    [&parts, &again].iter().any(|texts| texts.contains(&statement.text))
        || sql::SCHEMA.contains(&statement.text)
        || sql::LONG.contains(&statement.text)
}

/// The statements that create missing tables.
pub(crate) fn schema() -> Vec<Statement> {
    let texts = sql::SCHEMA.iter().chain(&sql::LONG);
    texts.map(|text| Statement { text, parameters: Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blind_writes_are_repeated() {
        let of = |text| is_repeatable(&Statement { text, parameters: Vec::new() });
        assert!(of(sql::PUT) && of(sql::SWEEP) && schema().iter().all(is_repeatable));
        assert!(!of(sql::CHECK));
    }

    #[test]
    fn messages_are_understood() {
        for (message, failure) in [
            ("CHECK constraint failed: omnikv_conflict", Failure::Conflict),
            ("D1_ERROR: CHECK constraint failed: omnikv_conflict: SQLITE_CONSTRAINT", Failure::Conflict),
            ("no such table: omnikv_commits", Failure::NoTables),
            ("D1_ERROR: no such table: omnikv: SQLITE_ERROR", Failure::NoTables),
            ("no such table: others", Failure::Other),
            ("D1_ERROR: string or blob too big: SQLITE_TOOBIG", Failure::TooLarge),
            ("database or disk is full", Failure::Full),
            ("UNIQUE constraint failed: omnikv.key", Failure::Other),
        ] {
            assert_eq!(Failure::of(message), failure, "{message}");
        }
    }
}
