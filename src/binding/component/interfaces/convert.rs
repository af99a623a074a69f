// Conversion between WIT types and the crate's types. Runs nothing.

use super::Answer;
use crate::exports::omnikv::kv::types;
use crate::exports::omnikv::kv::types::{ErrorKind, Expiry, Value, ValueType};
use omnikv::command::{self, Bytes, Key};
use omnikv::error::{Error, Kind};
use omnikv::value::IntoValue;

/// The stored bytes of a value; errors name the operation.
pub fn bytes(op: &'static str, value: Value) -> Answer<Bytes> {
    let bytes = match value {
        Value::Text(text) => Ok(text.into_bytes()),
        Value::Bytes(bytes) => Ok(bytes),
        Value::Integer(integer) => integer.into_value(),
        Value::Float(float) => float.into_value(),
        Value::Boolean(boolean) => boolean.into_value(),
    };
    Ok(bytes.map_err(|error: Error| error.in_op(op))?)
}

/// The stored bytes of an optional value.
pub fn maybe(op: &'static str, value: Option<Value>) -> Answer<Option<Bytes>> {
    value.map(|value| bytes(op, value)).transpose()
}

/// The stored bytes of several values.
pub fn all(op: &'static str, values: Vec<Value>) -> Answer<Vec<Bytes>> {
    values.into_iter().map(|value| bytes(op, value)).collect()
}

/// Fields with their values.
pub fn entries(op: &'static str, entries: Vec<(Value, Value)>) -> Answer<Vec<(Bytes, Bytes)>> {
    entries.into_iter().map(|(field, value)| Ok((bytes(op, field)?, bytes(op, value)?))).collect()
}

/// Keys with their values.
pub fn pairs(op: &'static str, pairs: Vec<(String, Value)>) -> Answer<Vec<(Key, Bytes)>> {
    pairs.into_iter().map(|(key, value)| Ok((key.into(), bytes(op, value)?))).collect()
}

/// The text of a number to add; the engine checks that it is one.
pub fn number(op: &'static str, value: Value) -> Answer<String> {
    let text = String::from_utf8(bytes(op, value)?);
    Ok(text.map_err(|_| Error::invalid_argument("(by) expects a number").in_op(op))?)
}

/// Converts names to keys.
pub fn keys(names: impl IntoIterator<Item = String>) -> Vec<Key> {
    names.into_iter().map(Key).collect()
}

impl From<Expiry> for command::Expiry {
    fn from(expiry: Expiry) -> Self {
        match expiry {
            Expiry::Unstated => Self::Unstated,
            Expiry::Never | Expiry::AfterMs(0) => Self::Never,
            Expiry::AfterMs(milliseconds) => Self::After(milliseconds),
            Expiry::AtMs(moment) => Self::At(moment),
            Expiry::Keep => Self::Keep,
        }
    }
}

impl From<ValueType> for command::ValueType {
    fn from(kind: ValueType) -> Self {
        match kind {
            ValueType::String => Self::String,
            ValueType::List => Self::List,
            ValueType::Hash => Self::Hash,
            ValueType::Set => Self::Set,
            ValueType::Zset => Self::SortedSet,
        }
    }
}

/// The type of a key, as the contract names it.
pub fn type_of(kind: command::ValueType) -> Answer<ValueType> {
    Ok(match kind {
        command::ValueType::String => ValueType::String,
        command::ValueType::List => ValueType::List,
        command::ValueType::Hash => ValueType::Hash,
        command::ValueType::Set => ValueType::Set,
        command::ValueType::SortedSet => ValueType::Zset,
        _ => {
            return Err(
                Error::new(Kind::Unsupported, "found a type that the contract has no name for").into()
            );
        }
    })
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        types::Error {
            kind: error.kind().into(),
            op: error.op().to_string(),
            backend: error.backend().to_string(),
            message: error.to_string(),
            retryable: error.is_retryable(),
            maybe_applied: error.is_maybe_applied(),
        }
    }
}

impl From<Kind> for ErrorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::InvalidArgument => Self::InvalidArgument,
            Kind::InvalidValue => Self::InvalidValue,
            Kind::NotFound => Self::NotFound,
            Kind::WrongType => Self::WrongType,
            Kind::Conflict => Self::Conflict,
            Kind::TooLarge => Self::TooLarge,
            Kind::OutOfMemory => Self::OutOfMemory,
            Kind::Unsupported => Self::Unsupported,
            Kind::PermissionDenied => Self::PermissionDenied,
            Kind::RateLimited => Self::RateLimited,
            Kind::Unavailable => Self::Unavailable,
            Kind::Timeout => Self::Timeout,
            Kind::Cancelled => Self::Cancelled,
            Kind::Closed => Self::Closed,
            // `internal`, and a kind that the contract has no case for yet.
            _ => Self::Internal,
        }
    }
}
