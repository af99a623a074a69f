// The SQL of queries on records: each loads rows, and fails in a transaction unless these rows are still the same. The
// fingerprints are those of `cells::Rows::fingerprint`.

/// A query's statements. The check has one parameter more: the fingerprint.
pub struct Query {
    /// Returns the rows.
    pub load: &'static str,
    /// Fails if the rows are not the same.
    pub check: &'static str,
}

macro_rules! query {
    ($columns:expr, $fingerprint:literal, $from:expr, $last:literal) => {
        Query {
            load: concat!("SELECT ", $columns, " ", $from),
            check: concat!(
                "SELECT @omnikv_require(coalesce((SELECT string_agg(fingerprint, ',') FROM (SELECT ",
                $fingerprint,
                " AS fingerprint ",
                $from,
                ") AS found), '') = ",
                $last,
                ")"
            ),
        }
    };
}

macro_rules! record {
    () => {
        "key, version, stamp, type, created, updated, deadline, value::text"
    };
}

macro_rules! records {
    ($from:expr, $last:literal) => {
        query!(record!(), "stamp::text", concat!("FROM @omnikv_records WHERE ", $from), $last)
    };
}

macro_rules! tasks {
    ($from:expr, $last:literal) => {
        query!(
            "number, id, name, unique_text, payload::text, status, created, due, started, ended, tries, max_retries, \
             timeout, priority, error, worker, token, until",
            "number || ':' || status || ':' || due || ':' || tries || ':' || coalesce(started::text, '') || ':' || \
             coalesce(ended::text, '') || ':' || coalesce(token::text, '') || ':' || coalesce(until::text, '') || ':' || \
             (error IS NOT NULL)::int",
            $from,
            $last
        )
    };
}

macro_rules! count {
    ($from:literal, $last:literal) => {
        query!("count(*)", "count(*)::text", $from, $last)
    };
}

/// Parameter: key.
pub const RECORD: Query = records!("key = $1", "$2");

/// Parameters: the first key, the end, the type or null, limit, offset.
pub const RECORDS: Query = records!(
    "key >= $1 AND key < $2 AND ($3::text IS NULL OR type = $3) ORDER BY key LIMIT $4 OFFSET $5",
    "$6"
);

/// Parameters: the first key, the end, the type or null.
pub const COUNT_RECORDS: Query =
    count!("FROM @omnikv_records WHERE key >= $1 AND key < $2 AND ($3::text IS NULL OR type = $3)", "$4");

/// Parameters: the time, limit.
pub const EXPIRED: Query = records!("deadline <= $1 ORDER BY deadline, key LIMIT $2", "$3");

/// Parameters: the first seq, the first key, the end, the type or null, limit.
pub const CHANGES: Query = query!(
    concat!("seq, action, at, ", record!()),
    "seq::text",
    "FROM @omnikv_changes WHERE seq >= $1 AND key >= $2 AND key < $3 AND ($4::text IS NULL OR type = $4) \
     ORDER BY seq LIMIT $5",
    "$6"
);

/// Parameters: the seq before which, the first key, the end.
pub const COUNT_CHANGES: Query =
    count!("FROM @omnikv_changes WHERE seq < $1 AND key >= $2 AND key < $3", "$4");

/// The number of the last change.
pub const LATEST: Query = query!(
    "latest",
    "latest::text",
    "FROM (SELECT greatest(latest, (SELECT max(seq) FROM @omnikv_changes)) AS latest FROM @omnikv_sequence) AS known",
    "$1"
);

/// Parameters: space, name.
pub const LOCK: Query = query!(
    "owner, token, acquired, until",
    "token || ':' || until",
    "FROM @omnikv_locks WHERE space = $1 AND name = $2",
    "$3"
);

/// Parameter: name.
pub const POSITION: Query =
    query!("position", "position::text", "FROM @omnikv_consumers WHERE name = $1", "$2");

/// Parameters: the first name, the end.
pub const POSITIONS: Query = query!(
    "name, position",
    "position::text",
    "FROM @omnikv_consumers WHERE name >= $1 AND name < $2 ORDER BY name",
    "$3"
);

/// Parameter: ID.
pub const TASK: Query = tasks!("FROM @omnikv_tasks WHERE id = $1", "$2");

/// Parameters: the beginning of the ID, and what to add to the last number for its end.
pub const TASK_AHEAD: Query = tasks!(
    "FROM @omnikv_tasks WHERE id = $1::text || (SELECT number + $2::bigint FROM @omnikv_sequence)",
    "$3"
);

/// Parameter: the unique text.
pub const TASK_OF_UNIQUE: Query = tasks!("FROM @omnikv_tasks WHERE unique_text = $1 AND ended IS NULL", "$2");

/// Of each priority in turn, from the highest on, the first tasks that are due; then the running tasks whose worker's lock
/// has ended. Tasks of a high priority that are not due yet are passed in one step. Parameters: name, the time, limit.
pub const NEXT_TASKS: Query = tasks!(
    "FROM (\
       WITH RECURSIVE priorities (found) AS (\
         (SELECT priority FROM @omnikv_tasks WHERE name = $1 AND status = 'pending' AND ended IS NULL \
           ORDER BY priority DESC LIMIT 1) \
         UNION ALL \
         SELECT (SELECT priority FROM @omnikv_tasks WHERE name = $1 AND status = 'pending' AND ended IS NULL \
           AND priority < found ORDER BY priority DESC LIMIT 1) FROM priorities WHERE found IS NOT NULL) \
       (SELECT 0 AS is_lost, due_tasks.* FROM priorities CROSS JOIN LATERAL (\
           SELECT * FROM @omnikv_tasks WHERE name = $1 AND status = 'pending' AND ended IS NULL \
             AND priority = found AND due <= $2 ORDER BY due, number LIMIT $3) AS due_tasks \
         ORDER BY priority DESC, due, number LIMIT $3) \
       UNION ALL \
       (SELECT 1, * FROM @omnikv_tasks WHERE name = $1 AND status = 'running' AND ended IS NULL AND until <= $2 \
         ORDER BY priority DESC, due, number LIMIT $3)) AS chosen \
     ORDER BY is_lost, priority DESC, due, number",
    "$4"
);

/// Parameters: name, the time.
pub const LOST_TASKS: Query = tasks!(
    "FROM @omnikv_tasks WHERE name = $1 AND status = 'running' AND ended IS NULL AND until <= $2 \
     AND tries > max_retries ORDER BY number",
    "$3"
);

/// Parameters: the first ID, the end, the status or null, the name or null, limit, offset.
pub const TASKS: Query = tasks!(
    "FROM @omnikv_tasks WHERE id >= $1 AND id < $2 AND ($3::text IS NULL OR status = $3) \
     AND ($4::text IS NULL OR name = $4) ORDER BY number LIMIT $5 OFFSET $6",
    "$7"
);

/// Parameters: the moment before which, the first ID, the end.
pub const COUNT_TASKS: Query = count!("FROM @omnikv_tasks WHERE ended < $1 AND id >= $2 AND id < $3", "$4");

/// What most commands need, in one statement: the records with these keys, those that have expired, and the last number of
/// the sequence. The first column says which of these a row is: 0, 1 or 2. Parameters: keys, the time, the most expired
/// records.
pub const POINTS: &str = concat!(
    "SELECT 0, ",
    record!(),
    " FROM @omnikv_records WHERE key = ANY ($1) UNION ALL SELECT 1, expired.* FROM (SELECT ",
    record!(),
    " FROM @omnikv_records WHERE deadline <= $2 ORDER BY deadline, key LIMIT $3) AS expired \
     UNION ALL SELECT 2, '', 0, number, NULL, 0, 0, NULL, '' FROM @omnikv_sequence"
);
