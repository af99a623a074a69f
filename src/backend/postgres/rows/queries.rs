// Queries as statements, and values as parameters.

use crate::backend::cells::{EXPIRED_AT_ONCE, Query};
use crate::backend::postgres::session::Parameter;
use crate::backend::postgres::sql::{self, queries};
use crate::command::TaskStatus;

/// The statements of a query, and their parameters.
pub(super) fn statements(query: &Query, now_ms: u64) -> (queries::Query, Vec<Parameter>) {
    fn parameters<const N: usize>(list: [Parameter; N]) -> Vec<Parameter> {
        list.into()
    }
    fn text(text: &str) -> Parameter {
        Box::new(stored(text))
    }
    fn number(number: u64) -> Parameter {
        Box::new(clamped(number))
    }
    fn end(end: &Option<String>) -> Parameter {
        Box::new(end_of(end))
    }
    fn optional(text: Option<&str>) -> Parameter {
        Box::new(text.map(stored))
    }
    match query {
        Query::Record { key } => (queries::RECORD, parameters([text(key)])),
        Query::Records { start, end: last, kind, offset, limit } => (
            queries::RECORDS,
            parameters([text(start), end(last), optional(kind.as_deref()), number(*limit), number(*offset)]),
        ),
        Query::CountRecords { start, end: last, kind } => {
            (queries::COUNT_RECORDS, parameters([text(start), end(last), optional(kind.as_deref())]))
        }
        Query::Expired => (queries::EXPIRED, parameters([number(now_ms), number(EXPIRED_AT_ONCE)])),
        Query::Changes { from, start, end: last, kind, limit } => (
            queries::CHANGES,
            parameters([number(*from), text(start), end(last), optional(kind.as_deref()), number(*limit)]),
        ),
        Query::CountChanges { before, start, end: last } => {
            (queries::COUNT_CHANGES, parameters([number(*before), text(start), end(last)]))
        }
        Query::Latest => (queries::LATEST, Vec::new()),
        Query::Lock { space, name } => (queries::LOCK, parameters([text(space.name()), text(name)])),
        Query::Position { name } => (queries::POSITION, parameters([text(name)])),
        Query::Positions { start, end: last } => (queries::POSITIONS, parameters([text(start), end(last)])),
        Query::Task { id } => (queries::TASK, parameters([text(id)])),
        Query::TaskAhead { prefix, ahead } => {
            (queries::TASK_AHEAD, parameters([text(prefix), number(*ahead)]))
        }
        Query::TaskOfUnique { unique } => (queries::TASK_OF_UNIQUE, parameters([text(unique)])),
        Query::NextTasks { name, limit } => {
            (queries::NEXT_TASKS, parameters([text(name), number(now_ms), number(*limit)]))
        }
        Query::LostTasks { name } => (queries::LOST_TASKS, parameters([text(name), number(now_ms)])),
        Query::Tasks { start, end: last, status, name, offset, limit } => {
            let status = optional(status.map(TaskStatus::name));
            let name = optional(name.as_deref());
            let filters = [text(start), end(last), status, name, number(*limit), number(*offset)];
            (queries::TASKS, parameters(filters))
        }
        Query::CountTasks { before, start, end: last } => {
            (queries::COUNT_TASKS, parameters([number(*before), text(start), end(last)]))
        }
    }
}

pub(super) fn stored(text: &str) -> String {
    sql::stored(text).into_owned()
}

pub(super) fn end_of(end: &Option<String>) -> String {
    sql::stored_end(end.as_deref()).into_owned()
}

pub(super) fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
