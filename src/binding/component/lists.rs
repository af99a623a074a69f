// The interface `lists`: decode, run, encode.

use super::connection::Handle;
use super::convert::{all, bytes};
use super::exports::omnikv::kv::connection::StoreBorrow;
use super::exports::omnikv::kv::lists::{Guest, LposOptions, Position, Side, Value};
use super::{Answer, Component, read, run};
use crate::command::{self, Bytes, Command};
use crate::operations::Lists;
use crate::reply::list_if_any;

impl Guest for Component {
    fn lpush(store: StoreBorrow<'_>, key: String, values: Vec<Value>) -> Answer<u64> {
        run(&store, Command::LPush { key: key.into(), values: all("lpush", values)? })
    }

    fn rpush(store: StoreBorrow<'_>, key: String, values: Vec<Value>) -> Answer<u64> {
        run(&store, Command::RPush { key: key.into(), values: all("rpush", values)? })
    }

    fn lpushx(store: StoreBorrow<'_>, key: String, values: Vec<Value>) -> Answer<u64> {
        run(&store, Command::LPushX { key: key.into(), values: all("lpushx", values)? })
    }

    fn rpushx(store: StoreBorrow<'_>, key: String, values: Vec<Value>) -> Answer<u64> {
        run(&store, Command::RPushX { key: key.into(), values: all("rpushx", values)? })
    }

    fn lpop(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::LPop { key: key.into(), count: None })
    }

    fn lpop_count(store: StoreBorrow<'_>, key: String, count: u64) -> Answer<Option<Vec<Bytes>>> {
        read(&store, Command::LPop { key: key.into(), count: Some(count) }, list_if_any)
    }

    fn rpop(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::RPop { key: key.into(), count: None })
    }

    fn rpop_count(store: StoreBorrow<'_>, key: String, count: u64) -> Answer<Option<Vec<Bytes>>> {
        read(&store, Command::RPop { key: key.into(), count: Some(count) }, list_if_any)
    }

    fn lmpop(
        store: StoreBorrow<'_>,
        names: Vec<String>,
        side: Side,
        count: u64,
    ) -> Answer<Option<(String, Vec<Bytes>)>> {
        Ok(store.get::<Handle>().0.lmpop(names, side.into(), count)?)
    }

    fn lrange(store: StoreBorrow<'_>, key: String, start: i64, stop: i64) -> Answer<Vec<Bytes>> {
        run(&store, Command::LRange { key: key.into(), start, stop })
    }

    fn llen(store: StoreBorrow<'_>, key: String) -> Answer<u64> {
        run(&store, Command::LLen { key: key.into() })
    }

    fn lindex(store: StoreBorrow<'_>, key: String, index: i64) -> Answer<Option<Bytes>> {
        run(&store, Command::LIndex { key: key.into(), index })
    }

    fn lpos(store: StoreBorrow<'_>, key: String, value: Value, options: LposOptions) -> Answer<Option<u64>> {
        run(&store, lpos(key, value, None, options)?)
    }

    fn lpos_all(
        store: StoreBorrow<'_>,
        key: String,
        value: Value,
        count: u64,
        options: LposOptions,
    ) -> Answer<Vec<u64>> {
        run(&store, lpos(key, value, Some(count), options)?)
    }

    fn lset(store: StoreBorrow<'_>, key: String, index: i64, value: Value) -> Answer<()> {
        run(&store, Command::LSet { key: key.into(), index, value: bytes("lset", value)? })
    }

    fn lrem(store: StoreBorrow<'_>, key: String, count: i64, value: Value) -> Answer<u64> {
        run(&store, Command::LRem { key: key.into(), count, value: bytes("lrem", value)? })
    }

    fn ltrim(store: StoreBorrow<'_>, key: String, start: i64, stop: i64) -> Answer<()> {
        run(&store, Command::LTrim { key: key.into(), start, stop })
    }

    fn linsert(
        store: StoreBorrow<'_>,
        key: String,
        position: Position,
        pivot: Value,
        value: Value,
    ) -> Answer<i64> {
        let position = match position {
            Position::Before => command::Position::Before,
            Position::After => command::Position::After,
        };
        let (pivot, value) = (bytes("linsert", pivot)?, bytes("linsert", value)?);
        run(&store, Command::LInsert { key: key.into(), position, pivot, value })
    }

    fn lmove(
        store: StoreBorrow<'_>,
        key: String,
        to: String,
        from_side: Side,
        to_side: Side,
    ) -> Answer<Option<Bytes>> {
        let (from_side, to_side) = (from_side.into(), to_side.into());
        run(&store, Command::LMove { key: key.into(), to: to.into(), from_side, to_side })
    }
}

fn lpos(key: String, value: Value, count: Option<u64>, options: LposOptions) -> Answer<Command> {
    let LposOptions { rank, max_len } = options;
    Ok(Command::LPos { key: key.into(), value: bytes("lpos", value)?, rank, count, maxlen: max_len })
}

impl From<Side> for command::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Left => Self::Left,
            Side::Right => Self::Right,
        }
    }
}
