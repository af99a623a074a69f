// Converts the redis crate's values and errors. What to retry is not decided here.

use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Source};
use crate::host::network::{unreachable, untrusted};
use redis::{ErrorKind, RedisError, ServerError};
use std::error::Error as _;
use std::io;
use std::sync::Arc;

/// RESP3 distinguishes maps and sets from lists; our commands know what they asked for, so all become lists.
pub(super) fn read(value: redis::Value) -> Value {
    match value {
        redis::Value::Nil => Value::Nil,
        redis::Value::Int(number) => Value::Int(number),
        redis::Value::BulkString(bytes) => Value::Bytes(bytes),
        redis::Value::SimpleString(text) => Value::Status(text),
        redis::Value::Okay => Value::Status("OK".to_owned()),
        redis::Value::Array(items) | redis::Value::Set(items) => {
            Value::Array(items.into_iter().map(read).collect())
        }
        redis::Value::Map(pairs) => {
            Value::Array(pairs.into_iter().flat_map(|(name, value)| [read(name), read(value)]).collect())
        }
        redis::Value::Attribute { data, .. } => read(*data),
        redis::Value::Double(number) => {
            Value::Bytes(ryu_js::Buffer::new().format(number).as_bytes().to_vec())
        }
        redis::Value::Boolean(truth) => Value::Int(truth.into()),
        redis::Value::VerbatimString { text, .. } => Value::Bytes(text.into_bytes()),
        redis::Value::BigNumber(digits) => Value::Bytes(digits),
        redis::Value::ServerError(error) => Value::Error(text_of(&error)),
        // Unexpected values, and types of future protocol versions.
        _ => Value::Error("ERR an answer of an unknown kind".to_owned()),
    }
}

fn text_of(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default())
}

fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    let cause: &Arc<dyn std::error::Error + Send + Sync> = error.source()?.downcast_ref()?;
    Some(cause.downcast_ref::<io::Error>()?.kind())
}

/// Why connecting failed. The crate's message may contain a user or host name, though never a password, so it is not
/// shown.
pub(super) fn why_not_connected(error: &RedisError, place: &str) -> Error {
    refusal(error, place).caused_by_shared(cause(error))
}

/// What the platform has said, as far as that can be found in what the crate says.
pub(super) fn cause(error: &RedisError) -> Source {
    let inner = error.source().and_then(|source| source.downcast_ref::<Source>());
    inner.map_or_else(|| Arc::new(error.clone()) as Source, Arc::clone)
}

fn refusal(error: &RedisError, place: &str) -> Error {
    let unavailable = |message: &'static str| Error::new(Kind::Unavailable, message);
    match error.kind() {
        ErrorKind::AuthenticationFailed => {
            Error::new(Kind::PermissionDenied, "(password) was refused by the server")
        }
        ErrorKind::MasterNameNotFoundBySentinel => {
            unavailable("(url) names a service of which no Sentinel knows a master")
        }
        ErrorKind::InvalidClientConfig => Error::invalid_argument(
            "(url) expects a server that can be reached, and certificates in PEM form",
        ),
        ErrorKind::Io => match io_kind(error) {
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => untrusted(place),
            _ => unreachable(place),
        },
        _ => match (error.code(), error.detail()) {
            (Some("WRONGPASS" | "NOAUTH"), _) => {
                Error::new(Kind::PermissionDenied, "(user, password) were refused by the server")
            }
            (Some(code), Some(detail)) => of_server(&format!("{code} {detail}")),
            _ => unavailable("(server) refused the connection"),
        },
    }
}
