// Conversion between the crate's types and the host's WIT types. Does not call the component.

use crate::bindings::exports::omnikv::kv::types::{self, ErrorKind, Expiry, Value, ValueType};
use crate::bindings::exports::omnikv::kv::{batch, connection};
use omnikv::Eviction;
use omnikv::command::{self, Bytes, Key, Reply};
use omnikv::error::{Error, Kind};

/// A value in the most specific WIT case that is stored as exactly these bytes, so that all cases are used.
pub fn value(bytes: &[u8]) -> Value {
    let Ok(text) = std::str::from_utf8(bytes) else { return Value::Bytes(bytes.to_vec()) };
    if let Ok(boolean) = text.parse() {
        return Value::Boolean(boolean);
    }
    if let Some(integer) = text.parse::<i64>().ok().filter(|integer| integer.to_string() == text) {
        return Value::Integer(integer);
    }
    if let Some(float) =
        text.parse::<f64>().ok().filter(|float| text.contains('.') && float.to_string() == text)
    {
        return Value::Float(float);
    }
    Value::Text(text.to_owned())
}

pub fn entries(pairs: &[(Bytes, Bytes)]) -> Vec<(Value, Value)> {
    pairs.iter().map(|(field, bytes)| (value(field), value(bytes))).collect()
}

pub fn pairs(pairs: &[(Key, Bytes)]) -> Vec<(String, Value)> {
    pairs.iter().map(|(key, bytes)| (key.0.clone(), value(bytes))).collect()
}

pub fn keys(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| key.0.clone()).collect()
}

pub fn expiry(expiry: command::Expiry) -> Expiry {
    match expiry {
        command::Expiry::Unstated => Expiry::Unstated,
        command::Expiry::Never => Expiry::Never,
        command::Expiry::After(milliseconds) => Expiry::AfterMs(milliseconds),
        command::Expiry::At(moment) => Expiry::AtMs(moment),
        command::Expiry::Keep => Expiry::Keep,
        other => panic!("{other:?} has no case in WIT"),
    }
}

pub fn eviction(policy: Eviction) -> connection::Eviction {
    match policy {
        Eviction::NoEviction => connection::Eviction::Noeviction,
        Eviction::AllKeysLru => connection::Eviction::AllkeysLru,
        Eviction::VolatileTtl => connection::Eviction::VolatileTtl,
        other => panic!("{other:?} has no case in WIT"),
    }
}

pub fn value_type(kind: command::ValueType) -> ValueType {
    match kind {
        command::ValueType::String => ValueType::String,
        command::ValueType::List => ValueType::List,
        command::ValueType::Hash => ValueType::Hash,
        command::ValueType::Set => ValueType::Set,
        command::ValueType::SortedSet => ValueType::Zset,
        other => panic!("{other:?} has no case in WIT"),
    }
}

pub fn type_name(kind: ValueType) -> &'static str {
    match kind {
        ValueType::String => "string",
        ValueType::List => "list",
        ValueType::Hash => "hash",
        ValueType::Set => "set",
        ValueType::Zset => "zset",
    }
}

pub fn reply(reply: batch::Reply) -> Reply {
    match reply {
        batch::Reply::Nothing => Reply::Nil,
        batch::Reply::Ok => Reply::Ok,
        batch::Reply::Integer(integer) => Reply::Int(integer),
        batch::Reply::Bytes(bytes) => Reply::Bytes(bytes),
        batch::Reply::Values(values) => Reply::List(values),
        batch::Reply::Integers(integers) => Reply::Ints(integers),
        batch::Reply::Page(page) => Reply::Page(page.cursor, page.items),
    }
}

pub fn error(error: types::Error) -> Error {
    let kind = match error.kind {
        ErrorKind::InvalidArgument => Kind::InvalidArgument,
        ErrorKind::InvalidValue => Kind::InvalidValue,
        ErrorKind::NotFound => Kind::NotFound,
        ErrorKind::WrongType => Kind::WrongType,
        ErrorKind::Conflict => Kind::Conflict,
        ErrorKind::TooLarge => Kind::TooLarge,
        ErrorKind::OutOfMemory => Kind::OutOfMemory,
        ErrorKind::Unsupported => Kind::Unsupported,
        ErrorKind::PermissionDenied => Kind::PermissionDenied,
        ErrorKind::RateLimited => Kind::RateLimited,
        ErrorKind::Unavailable => Kind::Unavailable,
        ErrorKind::Timeout => Kind::Timeout,
        ErrorKind::Cancelled => Kind::Cancelled,
        ErrorKind::Closed => Kind::Closed,
        ErrorKind::Internal => Kind::Internal,
    };
    let told = Error::new(kind, error.message);
    if error.maybe_applied { told.maybe_applied() } else { told }
}
