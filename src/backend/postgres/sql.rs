// The SQL of a store in PostgreSQL: tables, the function that commits, statements. Running it is the business of the files
// beside this one.

//! Tables and statements for PostgreSQL.
//!
//! One table holds the entries; other programs may read it, and write strings to it:
//! `SELECT convert_from(value, 'UTF8') FROM omnikv WHERE key = 'a'`. A text has no U+0000 in PostgreSQL, so U+0000 is
//! stored as U+0001 U+0001, and U+0001 as U+0001 U+0002, which keeps the order of keys.

pub(super) mod parts;
pub(super) mod queries;
pub(super) mod records;

use std::borrow::Cow;

/// What stands before each name of ours in these texts; the schema's name and a period take its place.
pub const SCHEMA: &str = "@";

/// How many of the greatest letters are more than fit into a key.
const LONGEST: usize = 520;

/// The tables, as steps from each version of them to the next. A step that a release had never changes.
pub const MIGRATIONS: [&str; 2] = [V1, parts::V2];

/// Creates the table that holds the version of the others.
pub const VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS @omnikv_schema (id int PRIMARY KEY CHECK (id = 1), version int NOT NULL)";

/// The version of the tables.
pub const VERSION: &str = "SELECT version FROM @omnikv_schema WHERE id = 1";

/// The number of the lock under which tables are created: a word of ours in ASCII.
pub const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"omnikv\0\0");

// In `omnikv_commit`, a commit of several is known by its number in the arrays whose names end with `_of`.
//
// Who relies on a missing key, and who may insert it, exclude each other by an advisory lock: there is no row to lock. 64 of
// them serve all keys, so that no commit takes more locks than the server has reserved for each connection. Rows are locked
// in the order of their keys, after these locks, so that commits do not block each other for ever. Each statement of the
// function sees what was committed before it began: so the locks are first and what they protect is read afterwards.
//
// A commit that is sent again, because its first answer was lost, finds its own version in a row that it has put: then it is
// done.
const V1: &str = "
CREATE TABLE @omnikv (
  key text COLLATE \"C\" PRIMARY KEY,
  value bytea NOT NULL,
  type text NOT NULL DEFAULT 'string',
  deadline bigint,
  version bigint NOT NULL DEFAULT (random() * 9007199254740992)::bigint
);
CREATE INDEX omnikv_deadline ON @omnikv (deadline) WHERE deadline IS NOT NULL;
CREATE TABLE @omnikv_sequence (
  id int PRIMARY KEY CHECK (id = 1), number bigint NOT NULL, latest bigint NOT NULL
);
INSERT INTO @omnikv_sequence VALUES (1, 0, 0);
CREATE TABLE @omnikv_records (
  key text COLLATE \"C\" PRIMARY KEY, version bigint NOT NULL, stamp bigint NOT NULL, type text COLLATE \"C\",
  created bigint NOT NULL, updated bigint NOT NULL, deadline bigint, value json NOT NULL
);
CREATE INDEX omnikv_records_deadline ON @omnikv_records (deadline, key) WHERE deadline IS NOT NULL;
CREATE TABLE @omnikv_changes (
  seq bigint PRIMARY KEY, action text NOT NULL, at bigint NOT NULL, key text COLLATE \"C\" NOT NULL,
  version bigint NOT NULL, stamp bigint NOT NULL, type text COLLATE \"C\", created bigint NOT NULL,
  updated bigint NOT NULL, deadline bigint, value json NOT NULL
);
CREATE TABLE @omnikv_locks (
  space text NOT NULL, name text COLLATE \"C\" NOT NULL, owner text NOT NULL, token bigint NOT NULL,
  acquired bigint NOT NULL, until bigint NOT NULL, PRIMARY KEY (space, name)
);
CREATE INDEX omnikv_locks_until ON @omnikv_locks (until);
CREATE TABLE @omnikv_consumers (name text COLLATE \"C\" PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE @omnikv_tasks (
  number bigint PRIMARY KEY, id text COLLATE \"C\" NOT NULL UNIQUE, name text COLLATE \"C\" NOT NULL,
  unique_text text COLLATE \"C\", payload json NOT NULL, status text NOT NULL, created bigint NOT NULL,
  due bigint NOT NULL, started bigint, ended bigint, tries bigint NOT NULL, max_retries bigint NOT NULL,
  timeout bigint, priority bigint NOT NULL, error text, worker text, token bigint, until bigint
);
CREATE UNIQUE INDEX omnikv_tasks_unique ON @omnikv_tasks (unique_text) WHERE ended IS NULL;
CREATE INDEX omnikv_tasks_next ON @omnikv_tasks (name, status, priority, due, number) WHERE ended IS NULL;
CREATE INDEX omnikv_tasks_ended ON @omnikv_tasks (ended) WHERE ended IS NOT NULL;
CREATE FUNCTION @omnikv_require(holds boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF holds IS NOT TRUE THEN
    RAISE 'what was read has changed' USING ERRCODE = 'OM001';
  END IF;
END
$$;
CREATE FUNCTION @omnikv_commit(
  lock_keys text[], lock_exclusive boolean[],
  check_of int[], check_keys text[], check_versions bigint[],
  put_of int[], put_keys text[], put_values bytea[], put_types text[], put_deadlines bigint[], put_versions bigint[],
  delete_of int[], delete_keys text[],
  now_ms bigint
) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  done int[] := '{}';
  failed int[] := '{}';
BEGIN
  IF cardinality(lock_keys) > 0 THEN
    PERFORM CASE WHEN exclusive THEN pg_advisory_xact_lock(space, slot)
        ELSE pg_advisory_xact_lock_shared(space, slot) END
      FROM (
        SELECT '@omnikv'::regclass::oid::int AS space, hashtext(k COLLATE \"C\") & 63 AS slot, bool_or(x) AS exclusive
        FROM unnest(lock_keys, lock_exclusive) AS locks (k, x) GROUP BY 1, 2 ORDER BY 1, 2
      ) AS sorted;
  END IF;
  IF cardinality(check_of) > 0
      OR cardinality(delete_keys) > 0 AND cardinality(delete_keys) + cardinality(put_keys) > 1 THEN
    PERFORM 1 FROM @omnikv WHERE key = ANY (check_keys || put_keys || delete_keys) ORDER BY key FOR UPDATE;
  END IF;
  IF cardinality(check_of) > 0 THEN
    SELECT coalesce(array_agg(n), '{}') INTO done
      FROM unnest(put_of, put_keys, put_versions) AS puts (n, k, v) JOIN @omnikv ON key = k
      WHERE version = v;
    SELECT coalesce(array_agg(n), '{}') INTO failed
      FROM unnest(check_of, check_keys, check_versions) AS checks (n, k, v) LEFT JOIN @omnikv ON key = k
      WHERE version IS DISTINCT FROM v AND n <> ALL (done);
  END IF;
  IF cardinality(put_keys) > 0 THEN
    INSERT INTO @omnikv AS held (key, value, type, deadline, version)
      SELECT k, b, t, d, v
      FROM unnest(put_of, put_keys, put_values, put_types, put_deadlines, put_versions) AS puts (n, k, b, t, d, v)
      WHERE n <> ALL (done) AND n <> ALL (failed) ORDER BY k COLLATE \"C\"
      ON CONFLICT (key) DO UPDATE
      SET value = excluded.value, type = excluded.type, deadline = excluded.deadline, version = excluded.version;
  END IF;
  IF cardinality(delete_keys) > 0 THEN
    DELETE FROM @omnikv WHERE key = ANY (ARRAY(
      SELECT k FROM unnest(delete_of, delete_keys) AS deletes (n, k) WHERE n <> ALL (done) AND n <> ALL (failed)));
  END IF;
  DELETE FROM @omnikv WHERE key = ANY (ARRAY(
    SELECT key FROM @omnikv WHERE deadline <= now_ms ORDER BY deadline LIMIT 64 FOR UPDATE SKIP LOCKED));
  RETURN failed;
END
$$;
";

/// Commits; returns the numbers of the commits that were not done, because a check of theirs failed. Parameters: as
/// `omnikv_commit` names them.
pub const COMMIT: &str = "SELECT @omnikv_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// The entries of these keys: key, value, type, deadline, version. Parameter: keys.
pub const LOAD: &str = "SELECT key, value, type, deadline, version FROM @omnikv WHERE key = ANY ($1)";

/// A page of the keyspace: key, type, deadline, version. Parameters: the first key, the end, the limit.
pub const LIST: &str =
    "SELECT key, type, deadline, version FROM @omnikv WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3";

/// The same from the end.
pub const LIST_REVERSE: &str = "SELECT key, type, deadline, version FROM @omnikv WHERE key >= $1 AND key < $2 ORDER BY key DESC LIMIT $3";

/// The server's time, in milliseconds since 1970.
pub const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// The statements that run often, each with a name.
pub const OFTEN: [(&str, &str); 15] = [
    ("load", LOAD),
    ("list", LIST),
    ("list_reverse", LIST_REVERSE),
    ("points", queries::POINTS),
    ("records", queries::RECORDS.load),
    ("count_records", queries::COUNT_RECORDS.load),
    ("expired", queries::EXPIRED.load),
    ("changes", queries::CHANGES.load),
    ("latest", queries::LATEST.load),
    ("locked", queries::LOCK.load),
    ("task", queries::TASK.load),
    ("task_of_unique", queries::TASK_OF_UNIQUE.load),
    ("tasks_next", queries::NEXT_TASKS.load),
    ("tasks_lost", queries::LOST_TASKS.load),
    ("sweep", records::SWEEP_LOCKS),
];

/// A statement's text for the tables of this schema; of the connection's own schema if it is empty.
pub fn text_in(schema: &str, text: &str) -> String {
    match schema {
        "" => text.replace(SCHEMA, ""),
        schema => text.replace(SCHEMA, &(quoted(schema) + ".")),
    }
}

/// A name as SQL has it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a column holds it.
pub fn stored(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', '\u{1}']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
}

/// The end of a range as a column holds it. A range without an end gets one that is greater than every key, so that its
/// statement is the same, and the index still has an upper bound.
pub fn stored_end(end: Option<&str>) -> Cow<'_, str> {
    match end {
        Some(end) => stored(end),
        None => Cow::Owned("\u{10ffff}".repeat(LONGEST)),
    }
}

/// A text from a column: the reverse of [`stored`].
pub fn read(text: String) -> String {
    if !text.contains('\u{1}') {
        return text;
    }
    let mut read = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1}' => read.push(if letters.next() == Some('\u{1}') { '\0' } else { '\u{1}' }),
            letter => read.push(letter),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_can_be_stored_and_keeps_its_place() {
        let mut texts = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{1}",
            "\u{1}\u{2}",
            "\u{2}",
            "a",
            "a\0",
            "a\u{1}b",
            "b",
        ];
        texts.sort_unstable();
        let kept: Vec<_> = texts.iter().map(|text| stored(text).into_owned()).collect();
        assert!(kept.is_sorted() && kept.iter().all(|text| !text.contains('\0')), "{kept:?}");
        for (text, kept) in texts.iter().zip(kept) {
            assert_eq!(read(kept), *text);
        }
    }

    #[test]
    fn a_schema_s_name_is_quoted() {
        assert_eq!(text_in("", VERSION), "SELECT version FROM omnikv_schema WHERE id = 1");
        assert_eq!(text_in("a\"b", VERSION), "SELECT version FROM \"a\"\"b\".omnikv_schema WHERE id = 1");
    }
}
