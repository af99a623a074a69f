// PostgreSQL's errors as ours. A server's own messages may quote stored values, so they are not used.

use crate::error::{Error, Kind};
use crate::host::network::{broken_off, unreachable};

/// The code of `omnikv_require`.
const CONFLICT: &str = "OM001";

/// The code of everything in a transaction after what has failed.
const ABORTED: &str = "25P02";

/// The error for a failure while a statement ran on the server at this address. It is marked `maybe-applied` unless the
/// server has certainly undone the statement.
pub(super) fn while_running(error: tokio_postgres::Error, place: &str) -> Error {
    match error.code() {
        Some(code) => of_code(code.code(), place),
        None => broken_off(place).maybe_applied().caused_by(error),
    }
}

/// The error for a failure before any statement was sent.
pub(super) fn while_connecting(error: tokio_postgres::Error, place: &str) -> Error {
    match error.code() {
        Some(code) => of_code(code.code(), place).not_applied(),
        // The client itself refuses how the server asks for a password.
        None if error.to_string().starts_with("authentication")
            || error.to_string().starts_with("invalid conf") =>
        {
            let message =
                format!("(server) at {place} asks for another proof of who you are than a password");
            Error::new(Kind::PermissionDenied, message).caused_by(error)
        }
        None => unreachable(place).caused_by(error),
    }
}

/// The error for one of PostgreSQL's codes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_code(code: &str, place: &str) -> Error {
    let (kind, what) = match code {
        CONFLICT => return Error::new(Kind::Conflict, "(rows) have changed since they were read"),
        // The server has undone the statement, and running it again may work.
        "40001" | "40P01" | "55P03" => (Kind::Unavailable, "has undone what collided with others"),
        "57014" => (Kind::Timeout, "has given up what took too long"),
        // The server stops. Whether the statement had an effect is not said.
        "57P01" | "57P02" => return Error::new(Kind::Unavailable, stops(place)).maybe_applied(),
        "57P03" => (Kind::Unavailable, "is starting or stopping"),
        "53300" => {
            (Kind::Unavailable, "has no connection left: raise its max_connections, or lower pool_size")
        }
        _ if code.starts_with("08") => return broken_off(place).maybe_applied(),
        // The tables or what was prepared on the connection have gone; another connection finds out.
        "42P01" | "42883" | "26000" | "0A000" | "3F000" => {
            (Kind::Unavailable, "has other tables than when the connection was opened")
        }
        "28000" | "28P01" => (Kind::PermissionDenied, "rejects this user or password"),
        "42501" => (
            Kind::PermissionDenied,
            "does not let this user do that: grant it the schema's tables and functions",
        ),
        "25006" => (Kind::PermissionDenied, "only reads: it is a standby"),
        "3D000" => (Kind::NotFound, "has no database of this name: create it first"),
        "54000" | "54001" | "22001" => (Kind::TooLarge, "takes no key or value of this length"),
        "53100" => (Kind::OutOfMemory, "has no room left on its disk"),
        _ if code.starts_with("53") || code == "54023" => (Kind::OutOfMemory, "has not enough memory"),
        _ => {
            let message = format!("(server) at {place} failed with SQLSTATE {code}");
            return Error::new(Kind::Internal, message);
        }
    };
    Error::new(kind, format!("(server) at {place} {what}"))
}

fn stops(place: &str) -> String {
    format!("(server) at {place} is stopping")
}

/// Whether the error says nothing about its statement, but that its connection should not be used again.
pub(super) fn is_of_connection(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Timeout | Kind::Internal)
}

/// Whether the error is only that an earlier statement of the transaction has failed.
pub(super) fn is_consequence(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code() == ABORTED)
}
