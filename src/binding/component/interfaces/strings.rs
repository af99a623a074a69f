// The interface `strings`: decode, run, encode.

use super::convert::{bytes, keys, number, pairs};
use super::{Answer, Component, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::strings::{Expiry, Guest, SetCondition, SetOptions, Value};
use omnikv::command::{self, Bytes, Command};

impl Guest for Component {
    fn get(store: StoreBorrow<'_>, key: String) -> Answer<Option<String>> {
        run(&store, Command::Get { key: key.into() })
    }

    fn get_bytes(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::Get { key: key.into() })
    }

    fn set(store: StoreBorrow<'_>, key: String, value: Value, options: SetOptions) -> Answer<bool> {
        run(&store, set(key, value, options, false)?)
    }

    fn set_and_get(
        store: StoreBorrow<'_>,
        key: String,
        value: Value,
        options: SetOptions,
    ) -> Answer<Option<Bytes>> {
        run(&store, set(key, value, options, true)?)
    }

    fn append(store: StoreBorrow<'_>, key: String, value: Value) -> Answer<u64> {
        run(&store, Command::Append { key: key.into(), value: bytes("append", value)? })
    }

    fn strlen(store: StoreBorrow<'_>, key: String) -> Answer<u64> {
        run(&store, Command::StrLen { key: key.into() })
    }

    fn getrange(store: StoreBorrow<'_>, key: String, start: i64, end: i64) -> Answer<Bytes> {
        run(&store, Command::GetRange { key: key.into(), start, end })
    }

    fn setrange(store: StoreBorrow<'_>, key: String, offset: u64, value: Value) -> Answer<u64> {
        run(&store, Command::SetRange { key: key.into(), offset, value: bytes("setrange", value)? })
    }

    fn getset(store: StoreBorrow<'_>, key: String, value: Value, expiry: Expiry) -> Answer<Option<Bytes>> {
        let value = bytes("getset", value)?;
        run(&store, Command::GetSet { key: key.into(), value, expiry: expiry.into() })
    }

    fn getdel(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::GetDel { key: key.into() })
    }

    fn getex(store: StoreBorrow<'_>, key: String, expiry: Expiry) -> Answer<Option<Bytes>> {
        run(&store, Command::GetEx { key: key.into(), expiry: expiry.into() })
    }

    fn incr(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::Incr { key: key.into() })
    }

    fn decr(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::Decr { key: key.into() })
    }

    fn incrby(store: StoreBorrow<'_>, key: String, by: i64) -> Answer<i64> {
        run(&store, Command::IncrBy { key: key.into(), by })
    }

    fn decrby(store: StoreBorrow<'_>, key: String, by: i64) -> Answer<i64> {
        run(&store, Command::DecrBy { key: key.into(), by })
    }

    fn incrbyfloat(store: StoreBorrow<'_>, key: String, by: Value) -> Answer<String> {
        run(&store, Command::IncrByFloat { key: key.into(), by: number("incrbyfloat", by)? })
    }

    fn mget(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Option<Bytes>>> {
        run(&store, Command::MGet { keys: keys(names) })
    }

    fn mset(store: StoreBorrow<'_>, entries: Vec<(String, Value)>, expiry: Expiry) -> Answer<()> {
        run(&store, Command::MSet { pairs: pairs("mset", entries)?, expiry: expiry.into() })
    }

    fn msetnx(store: StoreBorrow<'_>, entries: Vec<(String, Value)>, expiry: Expiry) -> Answer<bool> {
        run(&store, Command::MSetNx { pairs: pairs("msetnx", entries)?, expiry: expiry.into() })
    }

    fn compare_and_set(
        store: StoreBorrow<'_>,
        key: String,
        expected: Option<Value>,
        value: Value,
        expiry: Expiry,
    ) -> Answer<bool> {
        const OP: &str = "compare-and-set";
        let expected = expected.map(|value| bytes(OP, value)).transpose()?;
        let value = bytes(OP, value)?;
        run(&store, Command::CompareAndSet { key: key.into(), expected, value, expiry: expiry.into() })
    }

    fn compare_and_delete(store: StoreBorrow<'_>, key: String, expected: Value) -> Answer<bool> {
        let expected = bytes("compare-and-delete", expected)?;
        run(&store, Command::CompareAndDelete { key: key.into(), expected })
    }
}

fn set(key: String, value: Value, options: SetOptions, get: bool) -> Answer<Command> {
    let SetOptions { expiry, condition } = options;
    Ok(Command::Set {
        key: key.into(),
        value: bytes("set", value)?,
        expiry: expiry.into(),
        condition: condition.map(Into::into),
        get,
    })
}

impl From<SetCondition> for command::SetCondition {
    fn from(condition: SetCondition) -> Self {
        match condition {
            SetCondition::Missing => Self::Missing,
            SetCondition::Present => Self::Present,
        }
    }
}
