// IndexedDB as a store: what its URL says, what it guarantees, and what its failures mean. The requests are made in
// JavaScript (pkg/src/net/indexeddb.ts), which the npm package's binding connects with cells. No knowledge of commands.

//! A store in a browser's IndexedDB: `indexeddb:name`.
//!
//! The database is called `name`; all pages and workers of the origin share it. Each commit is one transaction of
//! IndexedDB that compares versions and then writes, so every command, pipeline and transaction is atomic across tabs.

use super::Capabilities;
use crate::error::{Error, Kind, Result};
use crate::location::Query;

/// The store's name.
pub const NAME: &str = "indexeddb";

/// What the store guarantees.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic: true,
    ordered: true,
    exact_counts: true,
    ttl_minimum_ms: 1,
    max_key_bytes: 64 << 10,
    max_value_bytes: 128 << 20,
    records: true,
    consistency: "strong",
};

/// The part of a URL after `indexeddb:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The database's name.
    pub name: String,
    /// Whether a commit waits until the data is on the disk.
    pub is_strict: bool,
}

impl Location {
    /// Parses `name`, optionally followed by `?durability=strict`.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if the name is missing, or a parameter is unknown.
    pub fn parse(location: &str) -> Result<Location> {
        let (name, query) = location.split_once('?').unwrap_or((location, ""));
        if name.is_empty() {
            return Err(Error::invalid_argument("(url) expects the name of a database: indexeddb:name"));
        }
        let query = Query::parse(query)?;
        query.expect_only(&["durability"])?;
        let words = [("relaxed", false), ("strict", true)];
        let is_strict = query.word("durability", &words)?.unwrap_or_default();
        Ok(Location { name: name.to_owned(), is_strict })
    }
}

/// Why IndexedDB fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The browser's quota is used up. Nothing was written.
    Full,
    /// The page may not store anything.
    Denied,
    /// A newer version of omnikv has made the database.
    Newer,
    /// A newer version of omnikv, in another tab, has changed the database since it was opened here.
    Superseded,
    /// Another program has made the database.
    Foreign,
    /// Another tab keeps an older form of the database open.
    Blocked,
    /// The browser has undone the transaction.
    Aborted,
    /// A request that IndexedDB does not accept.
    Refused,
    /// Anything else; a transaction may have been committed.
    Failed,
}

/// Each failure with the word for it in pkg/src/net/indexeddb.ts.
const WORDS: [(&str, Refusal); 9] = [
    ("full", Refusal::Full),
    ("denied", Refusal::Denied),
    ("newer", Refusal::Newer),
    ("superseded", Refusal::Superseded),
    ("foreign", Refusal::Foreign),
    ("blocked", Refusal::Blocked),
    ("aborted", Refusal::Aborted),
    ("refused", Refusal::Refused),
    ("failed", Refusal::Failed),
];

impl Refusal {
    /// The failure with this word.
    pub fn of(word: &str) -> Refusal {
        WORDS.iter().find(|(known, _)| *known == word).map_or(Refusal::Failed, |(_, refusal)| *refusal)
    }

    /// The error for the database with this name.
    pub fn error(self, name: &str) -> Error {
        let (kind, what) = match self {
            Refusal::Full => (
                Kind::OutOfMemory,
                "has reached the browser's quota: remove entries, or ask the user for more room with \
                 navigator.storage.persist()",
            ),
            Refusal::Denied => (
                Kind::Unavailable,
                "cannot be opened: the browser does not let this page store data, because of a private window, blocked \
                 site data or a sandboxed frame",
            ),
            Refusal::Newer => (
                Kind::Unsupported,
                "was made by a newer version of omnikv: reload the page, or update omnikv",
            ),
            Refusal::Superseded => {
                (Kind::Closed, "was changed by a newer version of omnikv in another tab: reload the page")
            }
            Refusal::Foreign => {
                (Kind::InvalidArgument, "belongs to another program of this origin: choose another name")
            }
            Refusal::Blocked => (
                Kind::Unavailable,
                "cannot be opened: another tab keeps an older form of it open; close or reload that tab",
            ),
            Refusal::Aborted => {
                (Kind::Unavailable, "has undone the transaction because the browser closed it: try again")
            }
            Refusal::Refused => (Kind::Internal, "did not accept a request"),
            Refusal::Failed => (Kind::Unavailable, "cannot be read or written: the browser's storage fails"),
        };
        let error = Error::new(kind, format!("(database) {name} {what}"));
        if self == Refusal::Failed { error.maybe_applied() } else { error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_name_and_its_durability() {
        let parse = |location| Location::parse(location);
        let location = |name: &str, is_strict| Ok(Location { name: name.to_owned(), is_strict });
        assert_eq!(parse("app"), location("app", false));
        assert_eq!(parse("my app/1%20?durability=strict"), location("my app/1%20", true));
        assert_eq!(parse("app?durability=relaxed"), location("app", false));
        for (faulty, message) in [
            ("", "(url) expects the name of a database: indexeddb:name"),
            ("?durability=strict", "(url) expects the name of a database: indexeddb:name"),
            ("app?durability=full", "(url) expects relaxed or strict as durability"),
            ("app?timeout=1", "(url) has no parameter \"timeout\"; known parameters: durability"),
        ] {
            assert_eq!(parse(faulty).unwrap_err().message(), message);
        }
    }

    #[test]
    fn a_failure_is_in_doubt_only_if_its_reason_is_unknown() {
        for (word, kind, in_doubt) in [
            ("full", Kind::OutOfMemory, false),
            ("superseded", Kind::Closed, false),
            ("aborted", Kind::Unavailable, false),
            ("failed", Kind::Unavailable, true),
            ("a word of another version", Kind::Unavailable, true),
        ] {
            let error = Refusal::of(word).error("app");
            assert_eq!((error.kind(), error.is_maybe_applied()), (kind, in_doubt), "{word}");
            assert!(error.message().starts_with("(database) app "), "{error}");
        }
    }
}
