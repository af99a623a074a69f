// The SQL of records, and of everything built on them. The tables are in `cells/sql.rs`. A null end of keys becomes an
// empty blob, which sorts after all text; `LIKE` is never used, so prefixes are literal. Numbers that JavaScript may not
// hold exactly are read as text, and names as blobs: some of JavaScript's libraries cut text at a NUL.

/// A parameter that is a number of the sequence: -1 is the last number that has been drawn, -2 the one before it, and
/// so on. (JavaScript may bind it as a float.)
macro_rules! drawn {
    ($parameter:literal) => {
        concat!(
            "CASE WHEN ",
            $parameter,
            " < 0 THEN (SELECT number FROM omnikv_sequence WHERE id = 1) + 1 + CAST(",
            $parameter,
            " AS INTEGER) ELSE ",
            $parameter,
            " END"
        )
    };
}

/// The next number.
pub(super) const DRAW: &str = "UPDATE omnikv_sequence SET number = number + 1 WHERE id = 1 RETURNING number";

/// Draws some numbers. Parameters: how many; which of them is the last change's, or null.
pub(super) const DRAW_MANY: &str =
    "UPDATE omnikv_sequence SET latest = COALESCE(number + ?2, latest), number = number + ?1 WHERE id = 1";

/// Draws numbers up to this one, at least one of them; the last one is that of the last change. Parameter: the number.
pub(super) const ADVANCE: &str =
    "UPDATE omnikv_sequence SET number = MAX(number + 1, ?1), latest = MAX(number + 1, ?1) WHERE id = 1";

/// The last number that has been drawn.
pub(super) const DRAWN: &str = "SELECT number FROM omnikv_sequence WHERE id = 1";

macro_rules! record {
    () => {
        "CAST(key AS BLOB), version, stamp, CAST(type AS BLOB), created, updated, CAST(deadline AS TEXT), value"
    };
}

/// Parameter: key.
pub(super) const RECORD: &str = concat!("SELECT ", record!(), " FROM omnikv_records WHERE key = ?1");

/// Parameters: the first key, the end or null, the type or null, limit, offset.
pub(super) const RECORDS: &str = concat!(
    "SELECT ",
    record!(),
    " FROM omnikv_records WHERE key >= ?1 AND key < COALESCE(?2, x'') AND (?3 IS NULL OR type = ?3) \
     ORDER BY key LIMIT ?4 OFFSET ?5"
);

/// Parameters: the first key, the end or null, the type or null.
pub(super) const COUNT_RECORDS: &str = "SELECT COUNT(*) FROM omnikv_records \
     WHERE key >= ?1 AND key < COALESCE(?2, x'') AND (?3 IS NULL OR type = ?3)";

/// Parameter: the time.
pub(super) const EXPIRED: &str =
    concat!("SELECT ", record!(), " FROM omnikv_records WHERE deadline <= ?1 ORDER BY deadline, key LIMIT 1");

/// Parameters: the columns of a record.
pub(super) const PUT_RECORD: &str = concat!(
    "INSERT INTO omnikv_records (key, version, stamp, type, created, updated, deadline, value) VALUES (?1, ?2, ",
    drawn!("?3"),
    ", ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO UPDATE SET version = excluded.version, stamp = excluded.stamp, \
     type = excluded.type, created = excluded.created, updated = excluded.updated, deadline = excluded.deadline, \
     value = excluded.value"
);

/// Parameter: key.
pub(super) const DELETE_RECORD: &str = "DELETE FROM omnikv_records WHERE key = ?1";

/// Parameters: seq, action, at, the columns of the record.
pub(super) const PUT_CHANGE: &str = concat!(
    "INSERT INTO omnikv_changes (seq, action, at, key, version, stamp, type, created, updated, deadline, value) VALUES (",
    drawn!("?1"),
    ", ?2, ?3, ?4, ?5, ",
    drawn!("?6"),
    ", ?7, ?8, ?9, ?10, ?11)"
);

/// Parameters: the first seq, the first key, the end or null, the type or null, limit.
pub(super) const CHANGES: &str = concat!(
    "SELECT seq, action, at, ",
    record!(),
    " FROM omnikv_changes WHERE seq >= ?1 AND key >= ?2 AND key < COALESCE(?3, x'') \
     AND (?4 IS NULL OR type = ?4) ORDER BY seq LIMIT ?5"
);

/// The number of the last change, even if it is trimmed.
pub(super) const LATEST: &str = "SELECT MAX(latest, COALESCE((SELECT MAX(seq) FROM omnikv_changes), 0)) FROM omnikv_sequence WHERE id = 1";

/// Remembers the number of the last change, before changes are removed.
pub(super) const KEEP_LATEST: &str = "UPDATE omnikv_sequence \
     SET latest = MAX(latest, COALESCE((SELECT MAX(seq) FROM omnikv_changes), 0)) WHERE id = 1";

/// Counts and removes changes. Parameters: the seq before which, the first key, the end or null.
pub(super) const TRIM_CHANGES: [&str; 2] = [
    "SELECT COUNT(*) FROM omnikv_changes WHERE seq < ?1 AND key >= ?2 AND key < COALESCE(?3, x'')",
    "DELETE FROM omnikv_changes WHERE seq < ?1 AND key >= ?2 AND key < COALESCE(?3, x'')",
];

/// Parameters: space, name.
pub(super) const LOCK: &str = "SELECT CAST(owner AS BLOB), token, acquired, CAST(until AS TEXT) FROM omnikv_locks WHERE space = ?1 AND name = ?2";

/// Parameters: the columns of a lock.
pub(super) const PUT_LOCK: &str = concat!(
    "INSERT INTO omnikv_locks (space, name, owner, token, acquired, until) VALUES (?1, ?2, ?3, ",
    drawn!("?4"),
    ", ?5, ?6) ON CONFLICT (space, name) DO UPDATE SET owner = excluded.owner, token = excluded.token, \
     acquired = excluded.acquired, until = excluded.until"
);

/// Parameters: space, name.
pub(super) const DELETE_LOCK: &str = "DELETE FROM omnikv_locks WHERE space = ?1 AND name = ?2";

/// Removes some locks that have ended. Parameter: the time.
pub(super) const SWEEP_LOCKS: &str = "DELETE FROM omnikv_locks WHERE (space, name) IN \
     (SELECT space, name FROM omnikv_locks WHERE until <= ?1 ORDER BY until LIMIT 64)";

/// Parameter: name.
pub(super) const POSITION: &str = "SELECT CAST(position AS TEXT) FROM omnikv_consumers WHERE name = ?1";

/// Parameters: the first name, the end or null.
pub(super) const POSITIONS: &str = "SELECT CAST(name AS BLOB), CAST(position AS TEXT) FROM omnikv_consumers \
     WHERE name >= ?1 AND name < COALESCE(?2, x'') ORDER BY name";

/// Parameters: name, position.
pub(super) const PUT_POSITION: &str = "INSERT INTO omnikv_consumers (name, position) VALUES (?1, ?2) \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position";

/// Parameter: name.
pub(super) const DELETE_POSITION: &str = "DELETE FROM omnikv_consumers WHERE name = ?1";

macro_rules! task {
    () => {
        "number, CAST(id AS BLOB), CAST(name AS BLOB), CAST(unique_text AS BLOB), payload, status, created, \
         CAST(due AS TEXT), started, ended, tries, CAST(max_retries AS TEXT), CAST(timeout AS TEXT), \
         CAST(priority AS TEXT), CAST(error AS BLOB), CAST(worker AS BLOB), token, CAST(until AS TEXT)"
    };
}

/// Parameter: ID.
pub(super) const TASK: &str = concat!("SELECT ", task!(), " FROM omnikv_tasks WHERE id = ?1");

/// Parameter: the unique text.
pub(super) const TASK_OF_UNIQUE: &str =
    concat!("SELECT ", task!(), " FROM omnikv_tasks WHERE unique_text = ?1 AND ended IS NULL");

/// The first pending task that is due: of each priority in turn, from the highest on, the one with the earliest due time.
/// Tasks of a high priority that are not due yet are passed in one step. Parameters: name, the time.
pub(super) const NEXT_DUE: &str = concat!(
    "WITH RECURSIVE priorities (found) AS (\
       SELECT (SELECT priority FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
         ORDER BY priority DESC LIMIT 1) \
       UNION ALL \
       SELECT (SELECT priority FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
         AND priority < found ORDER BY priority DESC LIMIT 1) FROM priorities WHERE found IS NOT NULL) \
     SELECT ",
    task!(),
    " FROM priorities CROSS JOIN omnikv_tasks WHERE number = (\
       SELECT number FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
         AND priority = found AND due <= ?2 ORDER BY due, number LIMIT 1) LIMIT 1"
);

/// The first running task whose worker's lock has ended. Parameters: name, the time.
pub(super) const NEXT_LOST: &str = concat!(
    "SELECT ",
    task!(),
    " FROM omnikv_tasks WHERE name = ?1 AND status = 'running' AND ended IS NULL AND until <= ?2 \
     ORDER BY priority DESC, omnikv_tasks.due, number LIMIT 1"
);

/// The running tasks whose worker's lock has ended, without retries left. Parameters: name, the time.
pub(super) const LOST_TASKS: &str = concat!(
    "SELECT ",
    task!(),
    " FROM omnikv_tasks WHERE name = ?1 AND status = 'running' AND ended IS NULL AND until <= ?2 \
     AND tries > max_retries"
);

macro_rules! put_task {
    ($id:expr) => {
        concat!(
            "INSERT INTO omnikv_tasks (number, id, name, unique_text, payload, status, created, due, started, ended, \
             tries, max_retries, timeout, priority, error, worker, token, until) VALUES (",
            drawn!("?1"),
            ", ",
            $id,
            ", ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ",
            drawn!("?17"),
            ", ?18) ON CONFLICT (number) DO UPDATE SET status = excluded.status, due = excluded.due, \
             started = excluded.started, ended = excluded.ended, tries = excluded.tries, error = excluded.error, \
             worker = excluded.worker, token = excluded.token, until = excluded.until"
        )
    };
}

/// Parameters: the columns of a task. Those that never change are not updated.
pub(super) const PUT_TASK: &str = put_task!("?2");

/// The same with the prefix of the ID instead of the ID, and the number at its end as a last parameter.
pub(super) const PUT_TASK_WITH_NUMBER: &str = put_task!(concat!("?2 || (", drawn!("?19"), ")"));

/// Parameter: number.
pub(super) const DELETE_TASK: &str = "DELETE FROM omnikv_tasks WHERE number = ?1";

/// Parameters: the first ID, the end or null, the status or null, the name or null, the number of the last task before
/// this page, limit, offset.
pub(super) const TASKS: &str = concat!(
    "SELECT ",
    task!(),
    " FROM omnikv_tasks WHERE +id >= ?1 AND +id < COALESCE(?2, x'') AND (?3 IS NULL OR status = ?3) \
     AND (?4 IS NULL OR name = ?4) AND number > ?5 ORDER BY number LIMIT ?6 OFFSET ?7"
);

/// Counts and removes finished tasks. Parameters: the time before which, the first ID, the end or null.
pub(super) const TRIM_TASKS: [&str; 2] = [
    "SELECT COUNT(*) FROM omnikv_tasks WHERE ended < ?1 AND id >= ?2 AND id < COALESCE(?3, x'')",
    "DELETE FROM omnikv_tasks WHERE ended < ?1 AND id >= ?2 AND id < COALESCE(?3, x'')",
];

/// Removes everything with a prefix. Parameters: the prefix, the end or null.
pub(super) const FLUSH: [&str; 5] = [
    "DELETE FROM omnikv_records WHERE key >= ?1 AND key < COALESCE(?2, x'')",
    "DELETE FROM omnikv_changes WHERE key >= ?1 AND key < COALESCE(?2, x'')",
    "DELETE FROM omnikv_locks WHERE name >= ?1 AND name < COALESCE(?2, x'')",
    "DELETE FROM omnikv_consumers WHERE name >= ?1 AND name < COALESCE(?2, x'')",
    "DELETE FROM omnikv_tasks WHERE id >= ?1 AND id < COALESCE(?2, x'')",
];

#[cfg(all(test, feature = "sqlite", not(target_arch = "wasm32")))]
mod tests {
    use super::super::super::sql::SCHEMA;
    use super::super::queries;
    use super::*;
    use rusqlite::types::Null;
    use rusqlite::{Connection, params_from_iter};

    #[test]
    fn what_runs_often_uses_an_index() {
        let sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(&SCHEMA.join(";")).unwrap();
        let often = [
            DRAW,
            RECORD,
            RECORDS,
            COUNT_RECORDS,
            EXPIRED,
            DELETE_RECORD,
            CHANGES,
            LATEST,
            KEEP_LATEST,
            LOCK,
            DELETE_LOCK,
            SWEEP_LOCKS,
            POSITION,
            POSITIONS,
            DELETE_POSITION,
            TASK,
            TASK_OF_UNIQUE,
            NEXT_DUE,
            LOST_TASKS,
            TASKS,
        ];
        let often =
            often.into_iter().chain(queries::often().into_iter().flat_map(|sql| [sql.load, sql.check]));
        for statement in often {
            let mut plan = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let nothing = vec![Null; plan.parameter_count()];
            let steps = plan.query_map(params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
            for step in steps.map(Result::unwrap) {
                // The priorities of one name are few, and they are made, not stored. So are rows of a subquery.
                let is_made = ["SCAN priorities", "SCAN CONSTANT ROW", "SCAN (subquery"];
                let is_slow = step.starts_with("SCAN") && !is_made.iter().any(|made| step.starts_with(made));
                // A few tasks of each priority are sorted.
                let sorts = step.contains("TEMP B-TREE") && !statement.contains("is_lost");
                assert!(!is_slow && !sorts, "{statement}: {step}");
            }
        }
    }
}
