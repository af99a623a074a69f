// The SQL of queries: each loads rows, and checks within a batch that these rows are still the same. The fingerprints are
// those of `Rows::fingerprint`. `sql.rs` says why names are read as blobs.

use super::super::rows::{EXPIRED_AT_ONCE, Query};
use super::super::{Field, Statement, database::integer};
use super::{optional_text, text};
use crate::command::TaskStatus;

/// A query's statements. The check has one parameter more: the fingerprint.
pub(super) struct Sql {
    pub load: &'static str,
    pub check: &'static str,
}

macro_rules! sql {
    ($columns:expr, $fingerprint:literal, $from:expr, $last:literal) => {
        Sql {
            load: concat!("SELECT ", $columns, " ", $from),
            check: concat!(
                "INSERT INTO omnikv_checks (holds) SELECT 0 WHERE (SELECT COALESCE(group_concat(fingerprint), '') FROM \
                 (SELECT ",
                $fingerprint,
                " AS fingerprint ",
                $from,
                ")) IS NOT ",
                $last
            ),
        }
    };
}

macro_rules! records {
    ($from:expr, $last:literal) => {
        sql!(record!(), "stamp", concat!("FROM omnikv_records WHERE ", $from), $last)
    };
}

macro_rules! tasks {
    ($from:expr, $last:literal) => {
        sql!(
            task!(),
            "number || ':' || status || ':' || omnikv_tasks.due || ':' || tries || ':' || COALESCE(started, '') || ':' || \
             COALESCE(ended, '') || ':' || COALESCE(token, '') || ':' || COALESCE(until, '') || ':' || \
             (error IS NOT NULL)",
            $from,
            $last
        )
    };
}

macro_rules! count {
    ($from:literal, $last:literal) => {
        sql!("COUNT(*)", "COUNT(*)", $from, $last)
    };
}

const RECORD: Sql = records!("key = ?1", "?2");

const RECORDS: Sql = records!(
    "key >= ?1 AND key < COALESCE(?2, x'') AND (?3 IS NULL OR type = ?3) ORDER BY key LIMIT ?4 OFFSET ?5",
    "?6"
);

const COUNT_RECORDS: Sql = count!(
    "FROM omnikv_records WHERE key >= ?1 AND key < COALESCE(?2, x'') AND (?3 IS NULL OR type = ?3)",
    "?4"
);

const EXPIRED: Sql = records!("deadline <= ?1 ORDER BY omnikv_records.deadline, key LIMIT ?2", "?3");

const CHANGES: Sql = sql!(
    concat!("seq, action, at, ", record!()),
    "seq",
    "FROM omnikv_changes WHERE seq >= ?1 AND key >= ?2 AND key < COALESCE(?3, x'') \
     AND (?4 IS NULL OR type = ?4) ORDER BY seq LIMIT ?5",
    "?6"
);

const COUNT_CHANGES: Sql =
    count!("FROM omnikv_changes WHERE seq < ?1 AND key >= ?2 AND key < COALESCE(?3, x'')", "?4");

const LATEST: Sql = sql!(
    "MAX(latest, COALESCE((SELECT MAX(seq) FROM omnikv_changes), 0))",
    "MAX(latest, COALESCE((SELECT MAX(seq) FROM omnikv_changes), 0))",
    "FROM omnikv_sequence WHERE id = 1",
    "?1"
);

const LOCK: Sql = sql!(
    "CAST(owner AS BLOB), token, acquired, CAST(until AS TEXT)",
    "token || ':' || until",
    "FROM omnikv_locks WHERE space = ?1 AND name = ?2",
    "?3"
);

const POSITION: Sql =
    sql!("CAST(position AS TEXT)", "position", "FROM omnikv_consumers WHERE name = ?1", "?2");

const POSITIONS: Sql = sql!(
    "CAST(name AS BLOB), CAST(position AS TEXT)",
    "position",
    "FROM omnikv_consumers WHERE name >= ?1 AND name < COALESCE(?2, x'') ORDER BY name",
    "?3"
);

const TASK: Sql = tasks!("FROM omnikv_tasks WHERE id = ?1", "?2");

const TASK_AHEAD: Sql = tasks!(
    "FROM omnikv_tasks \
     WHERE id = ?1 || (SELECT number + CAST(?2 AS INTEGER) FROM omnikv_sequence WHERE omnikv_sequence.id = 1)",
    "?3"
);

const TASK_OF_UNIQUE: Sql = tasks!("FROM omnikv_tasks WHERE unique_text = ?1 AND ended IS NULL", "?2");

/// Of each priority in turn, from the highest on, the first tasks that are due; then the running tasks whose worker's lock
/// has ended. Tasks of a high priority that are not due yet are passed in one step.
const NEXT_TASKS: Sql = tasks!(
    "FROM (\
       WITH RECURSIVE priorities (found) AS (\
         SELECT (SELECT priority FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
           ORDER BY priority DESC LIMIT 1) \
         UNION ALL \
         SELECT (SELECT priority FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
           AND priority < found ORDER BY priority DESC LIMIT 1) FROM priorities WHERE found IS NOT NULL) \
       SELECT 0 AS is_lost, chosen FROM (\
         SELECT number AS chosen FROM priorities CROSS JOIN omnikv_tasks WHERE number IN (\
           SELECT number FROM omnikv_tasks WHERE name = ?1 AND status = 'pending' AND ended IS NULL \
             AND priority = found AND due <= ?2 ORDER BY due, number LIMIT ?3) \
         ORDER BY priority DESC, due, number LIMIT ?3) \
       UNION ALL \
       SELECT 1, chosen FROM (\
         SELECT number AS chosen FROM omnikv_tasks WHERE name = ?1 AND status = 'running' AND ended IS NULL \
           AND until <= ?2 ORDER BY priority DESC, due, number LIMIT ?3)) \
     CROSS JOIN omnikv_tasks WHERE number = chosen ORDER BY is_lost, priority DESC, omnikv_tasks.due, number",
    "?4"
);

const LOST_TASKS: Sql = tasks!(
    "FROM omnikv_tasks WHERE name = ?1 AND status = 'running' AND ended IS NULL AND until <= ?2 \
     AND tries > max_retries",
    "?3"
);

const TASKS: Sql = tasks!(
    "FROM omnikv_tasks WHERE +id >= ?1 AND +id < COALESCE(?2, x'') AND (?3 IS NULL OR status = ?3) \
     AND (?4 IS NULL OR name = ?4) ORDER BY number LIMIT ?5 OFFSET ?6",
    "?7"
);

const COUNT_TASKS: Sql =
    count!("FROM omnikv_tasks WHERE ended < ?1 AND id >= ?2 AND id < COALESCE(?3, x'')", "?4");

/// The statements and parameters of a query.
fn sql(query: &Query, now_ms: u64) -> (Sql, Vec<Field>) {
    let end = |end: &Option<String>| optional_text(end.as_deref());
    let now = integer(now_ms);
    match query {
        Query::Record { key } => (RECORD, vec![text(key)]),
        Query::Records { start, end: last, kind, offset, limit } => {
            let filters = [text(start), end(last), end(kind)];
            (RECORDS, [filters.as_slice(), &[integer(*limit), integer(*offset)]].concat())
        }
        Query::CountRecords { start, end: last, kind } => {
            (COUNT_RECORDS, vec![text(start), end(last), end(kind)])
        }
        Query::Expired => (EXPIRED, vec![now, integer(EXPIRED_AT_ONCE)]),
        Query::Changes { from, start, end: last, kind, limit } => {
            (CHANGES, vec![integer(*from), text(start), end(last), end(kind), integer(*limit)])
        }
        Query::CountChanges { before, start, end: last } => {
            (COUNT_CHANGES, vec![integer(*before), text(start), end(last)])
        }
        Query::Latest => (LATEST, Vec::new()),
        Query::Lock { space, name } => (LOCK, vec![text(space.name()), text(name)]),
        Query::Position { name } => (POSITION, vec![text(name)]),
        Query::Positions { start, end: last } => (POSITIONS, vec![text(start), end(last)]),
        Query::Task { id } => (TASK, vec![text(id)]),
        Query::TaskAhead { prefix, ahead } => (TASK_AHEAD, vec![text(prefix), integer(*ahead)]),
        Query::TaskOfUnique { unique } => (TASK_OF_UNIQUE, vec![text(unique)]),
        Query::NextTasks { name, limit } => (NEXT_TASKS, vec![text(name), now, integer(*limit)]),
        Query::LostTasks { name } => (LOST_TASKS, vec![text(name), now]),
        Query::Tasks { start, end: last, status, name, offset, limit } => {
            let status = optional_text(status.map(TaskStatus::name));
            let filters = [text(start), end(last), status, end(name)];
            (TASKS, [filters.as_slice(), &[integer(*limit), integer(*offset)]].concat())
        }
        Query::CountTasks { before, start, end: last } => {
            (COUNT_TASKS, vec![integer(*before), text(start), end(last)])
        }
    }
}

/// The statement that loads a query's rows.
pub(super) fn load(query: &Query, now_ms: u64) -> Statement {
    let (sql, parameters) = sql(query, now_ms);
    Statement { text: sql.load, parameters }
}

/// The statement that fails unless a query's rows have this fingerprint.
pub(super) fn check(query: &Query, fingerprint: &str, now_ms: u64) -> Statement {
    let (sql, mut parameters) = sql(query, now_ms);
    parameters.push(text(fingerprint));
    Statement { text: sql.check, parameters }
}

/// The queries that run often.
#[cfg(all(test, feature = "sqlite", not(target_arch = "wasm32")))]
pub(super) fn often() -> [Sql; 14] {
    [
        RECORD,
        RECORDS,
        COUNT_RECORDS,
        EXPIRED,
        CHANGES,
        LATEST,
        LOCK,
        POSITION,
        POSITIONS,
        TASK,
        TASK_AHEAD,
        TASK_OF_UNIQUE,
        NEXT_TASKS,
        LOST_TASKS,
    ]
}
