// The SQL of writes on records. Numbers of the sequence that the commit draws itself are negative in the parameters: -1 is the
// first of them. Arrays have an element for each row.

/// Excludes all other commits on records until the end of the transaction. So none sees what another is about to change,
/// and the numbers of the sequence become visible in their order. The numbers up to 63 belong to `omnikv_commit`.
pub const EXCLUDE: &str = "SELECT pg_advisory_xact_lock('@omnikv'::regclass::oid::int, 64)";

/// The number of the transaction, by which its outcome can be asked for.
pub const TRANSACTION: &str = "SELECT txid_current()";

/// The outcome of a transaction. Parameter: its number.
pub const OUTCOME: &str = "SELECT txid_status($1)";

/// Fails unless all commits are done. Parameters: those of [`COMMIT`](super::COMMIT).
pub const COMMIT_ALL: &str = "SELECT @omnikv_require(@omnikv_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) = '{}')";

/// Fails unless the records are the same. Parameters: keys; stamps, or null for those that must be missing.
pub const CHECK_RECORDS: &str = "SELECT @omnikv_require(NOT EXISTS (SELECT FROM unnest($1::text[], $2::bigint[]) \
     AS checks (k, s) LEFT JOIN @omnikv_records ON key = k WHERE stamp IS DISTINCT FROM s))";

/// The last number that has been drawn.
pub const DRAWN: &str = "SELECT number FROM @omnikv_sequence";

/// Draws numbers; returns the last one before them. Parameters: how many; which of them is the last change's, or null.
pub const DRAW: &str = "UPDATE @omnikv_sequence SET number = number + $1, \
     latest = coalesce(number + $2, latest) RETURNING number - $1";

macro_rules! real {
    ($number:literal) => {
        concat!("CASE WHEN ", $number, " < 0 THEN base - ", $number, " ELSE ", $number, " END")
    };
}

/// What stands behind rows whose numbers may be negative. The parameter is how many numbers the commit has drawn.
macro_rules! drawn {
    ($drawn:literal) => {
        concat!(" CROSS JOIN (SELECT number - ", $drawn, "::bigint AS base FROM @omnikv_sequence) AS drawn")
    };
}

/// Parameters: how many numbers are drawn, and the columns.
pub const PUT_RECORDS: &str = concat!(
    "INSERT INTO @omnikv_records (key, version, stamp, type, created, updated, deadline, value) SELECT k, v, ",
    real!("s"),
    ", t, c, u, d, j::json FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], \
     $8::bigint[], $9::text[]) AS puts (k, v, s, t, c, u, d, j)",
    drawn!("$1"),
    " ON CONFLICT (key) DO UPDATE SET version = excluded.version, stamp = excluded.stamp, type = excluded.type, \
     created = excluded.created, updated = excluded.updated, deadline = excluded.deadline, value = excluded.value"
);

/// Parameter: keys.
pub const DELETE_RECORDS: &str = "DELETE FROM @omnikv_records WHERE key = ANY ($1)";

/// Parameters: how many numbers are drawn, and the columns.
pub const PUT_CHANGES: &str = concat!(
    "INSERT INTO @omnikv_changes (seq, action, at, key, version, stamp, type, created, updated, deadline, value) SELECT ",
    real!("q"),
    ", a, m, k, v, ",
    real!("s"),
    ", t, c, u, d, j::json FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], \
     $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[]) AS puts (q, a, m, k, v, s, t, c, u, d, j)",
    drawn!("$1"),
);

/// Parameters: the seq before which, the first key, the end.
pub const TRIM_CHANGES: &str = "DELETE FROM @omnikv_changes WHERE seq < $1 AND key >= $2 AND key < $3";

/// Keeps the number of the last change, before changes are removed.
pub const KEEP_LATEST: &str = "UPDATE @omnikv_sequence \
     SET latest = greatest(latest, (SELECT max(seq) FROM @omnikv_changes))";

/// Parameters: the moment before which, the first ID, the end.
pub const TRIM_TASKS: &str = "DELETE FROM @omnikv_tasks WHERE ended < $1 AND id >= $2 AND id < $3";

/// Parameters: how many numbers are drawn; space, name, owner, token, acquired, until.
pub const PUT_LOCK: &str = concat!(
    "INSERT INTO @omnikv_locks (space, name, owner, token, acquired, until) SELECT s, n, o, ",
    real!("t"),
    ", a, u FROM (VALUES ($2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint)) AS puts (s, n, o, t, a, u)",
    drawn!("$1"),
    " ON CONFLICT (space, name) DO UPDATE SET owner = excluded.owner, token = excluded.token, \
     acquired = excluded.acquired, until = excluded.until"
);

/// Removes some locks that have ended. Parameter: the time.
pub const SWEEP_LOCKS: &str = "DELETE FROM @omnikv_locks WHERE (space, name) IN \
     (SELECT space, name FROM @omnikv_locks WHERE until <= $1 ORDER BY until LIMIT 64)";

/// Parameters: space, name.
pub const DELETE_LOCK: &str = "DELETE FROM @omnikv_locks WHERE space = $1 AND name = $2";

/// Parameters: name, position.
pub const PUT_POSITION: &str = "INSERT INTO @omnikv_consumers (name, position) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position";

/// Parameter: name.
pub const DELETE_POSITION: &str = "DELETE FROM @omnikv_consumers WHERE name = $1";

/// Parameters: how many numbers are drawn; the columns; the numbers that end generated IDs, or null. Columns that never
/// change are not updated.
pub const PUT_TASKS: &str = concat!(
    "INSERT INTO @omnikv_tasks (number, id, name, unique_text, payload, status, created, due, started, ended, tries, \
     max_retries, timeout, priority, error, worker, token, until) SELECT ",
    real!("c1"),
    ", c2 || coalesce((",
    real!("c19"),
    ")::text, ''), c3, c4, c5::json, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, ",
    real!("c17"),
    ", c18 FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], \
     $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], \
     $16::text[], $17::text[], $18::bigint[], $19::bigint[], $20::bigint[]) \
     AS puts (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19)",
    drawn!("$1"),
    " ON CONFLICT (number) DO UPDATE SET status = excluded.status, due = excluded.due, started = excluded.started, \
     ended = excluded.ended, tries = excluded.tries, error = excluded.error, worker = excluded.worker, \
     token = excluded.token, until = excluded.until"
);

/// Parameter: numbers.
pub const DELETE_TASKS: &str = "DELETE FROM @omnikv_tasks WHERE number = ANY ($1)";

/// Removes everything in a range, but not the number of the last change. Parameters: the first key, the end.
pub const FLUSH: [&str; 5] = [
    "DELETE FROM @omnikv_records WHERE key >= $1 AND key < $2",
    "DELETE FROM @omnikv_changes WHERE key >= $1 AND key < $2",
    "DELETE FROM @omnikv_locks WHERE name >= $1 AND name < $2",
    "DELETE FROM @omnikv_consumers WHERE name >= $1 AND name < $2",
    "DELETE FROM @omnikv_tasks WHERE id >= $1 AND id < $2",
];
