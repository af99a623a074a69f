// The SQL of every SQLite-based store: a file, a Durable Object, D1, rqlite. Running it, and converting parameters and
// rows, is the store's job.

//! Tables and statements for SQLite, wherever it runs.
//!
//! One table holds the entries; other programs may read it: `SELECT CAST(value AS TEXT) FROM omnikv WHERE key = 'a'`. A
//! second table counts commits; that number is the version of everything a commit writes. The third is always empty: a
//! failed check makes the transaction fail by writing to it, even if all statements are sent as one batch.
//!
//! Records, changes, locks, consumers and tasks have a table each, also readable by other programs:
//! `SELECT value ->> 'name' FROM omnikv_records WHERE type = 'Person'`. `omnikv_sequence` holds the last number that was
//! drawn, and the number of the last change in case that is trimmed.

/// Creates the tables if they do not exist.
pub const SCHEMA: [&str; 17] = [
    "CREATE TABLE IF NOT EXISTS omnikv (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, \
     type TEXT NOT NULL DEFAULT 'string', deadline INTEGER, version INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS omnikv_deadline ON omnikv (deadline) WHERE deadline IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS omnikv_commits (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO omnikv_commits VALUES (1, 0)",
    "CREATE TABLE IF NOT EXISTS omnikv_checks (holds INTEGER NOT NULL CONSTRAINT omnikv_conflict CHECK (holds))",
    "CREATE TABLE IF NOT EXISTS omnikv_sequence (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, \
     latest INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO omnikv_sequence VALUES (1, 0, 0)",
    "CREATE TABLE IF NOT EXISTS omnikv_records (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, \
     stamp INTEGER NOT NULL, type TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL, deadline INTEGER, \
     value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS omnikv_records_deadline ON omnikv_records (deadline) WHERE deadline IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS omnikv_changes (seq INTEGER PRIMARY KEY, action TEXT NOT NULL, at INTEGER NOT NULL, \
     key TEXT NOT NULL, version INTEGER NOT NULL, stamp INTEGER NOT NULL, type TEXT, created INTEGER NOT NULL, \
     updated INTEGER NOT NULL, deadline INTEGER, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS omnikv_locks (space TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, \
     token INTEGER NOT NULL, acquired INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (space, name)) \
     WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS omnikv_locks_until ON omnikv_locks (until)",
    "CREATE TABLE IF NOT EXISTS omnikv_consumers (name TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL) \
     WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS omnikv_tasks (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, \
     name TEXT NOT NULL, unique_text TEXT, payload TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL, \
     due INTEGER NOT NULL, started INTEGER, ended INTEGER, tries INTEGER NOT NULL, max_retries INTEGER NOT NULL, \
     timeout INTEGER, priority INTEGER NOT NULL, error TEXT, worker TEXT, token INTEGER, until INTEGER)",
    "CREATE UNIQUE INDEX IF NOT EXISTS omnikv_tasks_unique ON omnikv_tasks (unique_text) WHERE ended IS NULL",
    "CREATE INDEX IF NOT EXISTS omnikv_tasks_next ON omnikv_tasks (name, status, priority, due) WHERE ended IS NULL",
    "CREATE INDEX IF NOT EXISTS omnikv_tasks_ended ON omnikv_tasks (ended) WHERE ended IS NOT NULL",
];

/// Creates what keeps long collections: each is an entry whose type begins with `long `, and parts beside it. The parts go
/// when their entry goes, whoever removes or replaces it.
pub const LONG: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS omnikv_parts (key TEXT NOT NULL, name INTEGER NOT NULL, value TEXT NOT NULL, \
     PRIMARY KEY (key, name)) WITHOUT ROWID",
    "CREATE TRIGGER IF NOT EXISTS omnikv_parts_gone AFTER DELETE ON omnikv WHEN old.type LIKE 'long %' \
     BEGIN DELETE FROM omnikv_parts WHERE key = old.key; END",
    "CREATE TRIGGER IF NOT EXISTS omnikv_parts_replaced AFTER UPDATE OF type ON omnikv \
     WHEN old.type LIKE 'long %' AND new.type NOT LIKE 'long %' \
     BEGIN DELETE FROM omnikv_parts WHERE key = old.key; END",
];

/// The entry of a key: value, type, deadline, version. Parameter: key. Text, which another program may have written, comes
/// as a blob: some of JavaScript's libraries cut text at a NUL, and replace what is not UTF-8.
pub const LOAD: &str = "SELECT CASE typeof(value) WHEN 'text' THEN CAST(value AS BLOB) ELSE value END, \
     type, deadline, version FROM omnikv WHERE key = ?1";

/// Fails with [`CONFLICT`] unless the key has this version. Parameters: key, version or null for a missing one.
pub const CHECK: &str = "INSERT INTO omnikv_checks (holds) \
     SELECT 0 WHERE (SELECT version FROM omnikv WHERE key = ?1) IS NOT ?2";

/// Part of the error message of a failed [`CHECK`], wherever SQLite runs.
pub const CONFLICT: &str = "omnikv_conflict";

/// Begins the writes of a commit: the new number becomes their version.
pub const COUNT_COMMIT: &str = "UPDATE omnikv_commits SET number = number + 1 WHERE id = 1";

/// Writes an entry. Parameters: key, value, type, deadline or null.
pub const PUT: &str = "INSERT INTO omnikv (key, value, type, deadline, version) \
     SELECT ?1, ?2, ?3, ?4, number FROM omnikv_commits WHERE id = 1 \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, type = excluded.type, deadline = excluded.deadline, \
     version = excluded.version";

/// Removes an entry. Parameter: key.
pub const DELETE: &str = "DELETE FROM omnikv WHERE key = ?1";

/// Writes a part. Parameters: key, name, value.
pub const PUT_PART: &str = "INSERT OR REPLACE INTO omnikv_parts (key, name, value) VALUES (?1, ?2, ?3)";

/// Writes parts. Parameters: key, `[[name, value], ...]` as JSON.
pub const PUT_PARTS: &str = "INSERT OR REPLACE INTO omnikv_parts (key, name, value) \
     SELECT ?1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?2)";

/// Removes parts. Parameters: key, `[name, ...]` as JSON.
pub const DELETE_PARTS: &str =
    "DELETE FROM omnikv_parts WHERE key = ?1 AND name IN (SELECT value FROM json_each(?2))";

/// Removes all parts of a key. Parameter: key.
pub const DELETE_ALL_PARTS: &str = "DELETE FROM omnikv_parts WHERE key = ?1";

/// The parts that cover numbers: name, value. Parameters: key, `[number, ...]` as JSON.
pub const LOAD_COVERING: &str = "SELECT name, value FROM omnikv_parts WHERE key = ?1 AND name IN \
     (SELECT (SELECT MAX(name) FROM omnikv_parts WHERE key = ?1 AND name <= asked.value) FROM json_each(?2) AS asked)";

/// The part that covers a number and those after it: name, value. Parameters: key, the number, the last number, the limit.
pub const LOAD_SPAN: &str = "SELECT name, value FROM omnikv_parts WHERE key = ?1 AND name >= \
     COALESCE((SELECT MAX(name) FROM omnikv_parts WHERE key = ?1 AND name <= ?2), ?2) AND name <= ?3 \
     ORDER BY name LIMIT ?4";

/// Removes some expired entries; every commit ends with this. Parameter: the time in milliseconds since 1970.
pub const SWEEP: &str = "DELETE FROM omnikv WHERE key IN \
     (SELECT key FROM omnikv WHERE deadline <= ?1 ORDER BY deadline LIMIT 64)";

/// When the next entry expires; null if none does.
pub const NEXT_DEADLINE: &str = "SELECT MIN(deadline) FROM omnikv WHERE deadline IS NOT NULL";

/// A page of the keyspace: key (as a blob, like in [`LOAD`]), type, deadline, version. Parameters: the first key, the end
/// (exclusive) or null, the limit. A null end becomes an empty blob: blobs sort after all text, so the index still has an
/// upper bound.
pub const LIST: &str = "SELECT CAST(key AS BLOB), type, deadline, version FROM omnikv \
     WHERE key >= ?1 AND key < COALESCE(?2, x'') ORDER BY key LIMIT ?3";

/// Like [`LIST`], but starts after a key: the page after the one that ended with this key.
pub const LIST_AFTER: &str = "SELECT CAST(key AS BLOB), type, deadline, version FROM omnikv \
     WHERE key > ?1 AND key < COALESCE(?2, x'') ORDER BY key LIMIT ?3";

/// Like [`LIST`], from the end. The next page ends before the last key of this one.
pub const LIST_REVERSE: &str = "SELECT CAST(key AS BLOB), type, deadline, version FROM omnikv \
     WHERE key >= ?1 AND key < COALESCE(?2, x'') ORDER BY key DESC LIMIT ?3";
