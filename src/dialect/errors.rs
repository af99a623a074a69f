// Errors in Redis's words, both ways. It must not know backends: who failed is told elsewhere.

use crate::command::Command;
use crate::error::{Error, Kind};

/// Texts that say what went wrong where Redis's code is just `ERR`, the first that fits counts.
const TEXTS: [(&str, Kind); 22] = [
    ("not an integer", Kind::InvalidValue),
    ("not a valid float", Kind::InvalidValue),
    ("not a float", Kind::InvalidValue),
    ("overflow", Kind::InvalidValue),
    ("NaN or Infinity", Kind::InvalidValue),
    ("no such key", Kind::NotFound),
    ("exceeds maximum allowed size", Kind::TooLarge),
    ("max request size exceeded", Kind::TooLarge),
    ("max daily request limit exceeded", Kind::RateLimited),
    ("unknown command", Kind::Unsupported),
    ("not available", Kind::Unsupported),
    ("out of range", Kind::InvalidArgument),
    ("invalid cursor", Kind::InvalidArgument),
    ("invalid expire time", Kind::InvalidArgument),
    ("can't be", Kind::InvalidArgument),
    ("should be greater", Kind::InvalidArgument),
    ("objects are the same", Kind::InvalidArgument),
    ("syntax error", Kind::InvalidArgument),
    ("wrong number of arguments", Kind::InvalidArgument),
    ("not compatible", Kind::InvalidArgument),
    ("max number of clients reached", Kind::Unavailable),
    ("DB index", Kind::InvalidArgument),
];

/// Redis's codes that say it all.
const CODES: [(&str, Kind); 16] = [
    ("WRONGTYPE", Kind::WrongType),
    ("OOM", Kind::OutOfMemory),
    ("NOAUTH", Kind::PermissionDenied),
    ("NOPERM", Kind::PermissionDenied),
    ("WRONGPASS", Kind::PermissionDenied),
    ("READONLY", Kind::PermissionDenied),
    ("EXECABORT", Kind::Conflict),
    ("CONFLICT", Kind::Conflict),
    ("LOADING", Kind::Unavailable),
    ("BUSY", Kind::Unavailable),
    ("MASTERDOWN", Kind::Unavailable),
    ("CLUSTERDOWN", Kind::Unavailable),
    ("TRYAGAIN", Kind::Unavailable),
    ("MOVED", Kind::Unsupported),
    ("ASK", Kind::Unsupported),
    ("CROSSSLOT", Kind::Unsupported),
];

/// The error that a server's text means as an answer to this command.
pub(crate) fn read(command: &Command, text: &str) -> Error {
    // Of a hash's value it would say `hash value is not a float`: this is the amount.
    let amount =
        matches!(command, Command::HIncrByFloat { .. }) && text.contains("value is not a valid float");
    let error = of_server(text);
    if amount { Error::new(Kind::InvalidArgument, error.message()) } else { error }
}

/// The error that a server's text means whatever was asked.
pub(crate) fn of_server(text: &str) -> Error {
    let code = text.split(' ').next().unwrap_or_default();
    let known = CODES.iter().find(|(known, _)| *known == code);
    let kind = known.or_else(|| TEXTS.iter().find(|(words, _)| text.contains(words)));
    let kind = kind.map_or(Kind::Internal, |(_, kind)| *kind);
    if matches!(code, "MOVED" | "ASK" | "CROSSSLOT") {
        let message = "(server) is part of a cluster: connect to it natively, with redis+cluster://";
        return Error::new(kind, message);
    }
    Error::new(kind, format!("(server) says: {}", without_arguments(text)))
}

/// Redis quotes what it does not understand: that may be a user's value.
fn without_arguments(text: &str) -> &str {
    text.split(", with args").next().unwrap_or(text)
}

/// What a Redis server would say.
pub(crate) fn print(error: &Error) -> String {
    let about = |argument: &str| error.message().contains(argument);
    let text = match error.kind() {
        Kind::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
        Kind::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
        Kind::NotFound => "ERR no such key",
        Kind::InvalidValue if about("overflow") => "ERR increment or decrement would overflow",
        _ => return format!("{} {}", error.kind().redis_word(), error.message()),
    };
    text.to_owned()
}
