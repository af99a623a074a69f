// The interface `hashes`: decode, run, encode.

use super::convert::{all, bytes, entries, maybe, number};
use super::{Answer, Component, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::hashes::{FieldPage, Guest, MatchOptions, Value};
use omnikv::command::{Bytes, Command};
use omnikv::reply::Page;

impl Guest for Component {
    fn hset(store: StoreBorrow<'_>, key: String, field: Value, value: Value) -> Answer<bool> {
        let pairs = entries("hset", vec![(field, value)])?;
        run(&store, Command::HSet { key: key.into(), pairs })
    }

    fn hset_many(store: StoreBorrow<'_>, key: String, fields: Vec<(Value, Value)>) -> Answer<u64> {
        run(&store, Command::HSet { key: key.into(), pairs: entries("hset", fields)? })
    }

    fn hget(store: StoreBorrow<'_>, key: String, field: Value) -> Answer<Option<Bytes>> {
        run(&store, Command::HGet { key: key.into(), field: bytes("hget", field)? })
    }

    fn hmget(store: StoreBorrow<'_>, key: String, fields: Vec<Value>) -> Answer<Vec<Option<Bytes>>> {
        run(&store, Command::HMGet { key: key.into(), fields: all("hmget", fields)? })
    }

    fn hgetall(store: StoreBorrow<'_>, key: String) -> Answer<Vec<(Bytes, Bytes)>> {
        run(&store, Command::HGetAll { key: key.into() })
    }

    fn hdel(store: StoreBorrow<'_>, key: String, fields: Vec<Value>) -> Answer<u64> {
        run(&store, Command::HDel { key: key.into(), fields: all("hdel", fields)? })
    }

    fn hexists(store: StoreBorrow<'_>, key: String, field: Value) -> Answer<bool> {
        run(&store, Command::HExists { key: key.into(), field: bytes("hexists", field)? })
    }

    fn hlen(store: StoreBorrow<'_>, key: String) -> Answer<u64> {
        run(&store, Command::HLen { key: key.into() })
    }

    fn hkeys(store: StoreBorrow<'_>, key: String) -> Answer<Vec<Bytes>> {
        run(&store, Command::HKeys { key: key.into() })
    }

    fn hvals(store: StoreBorrow<'_>, key: String) -> Answer<Vec<Bytes>> {
        run(&store, Command::HVals { key: key.into() })
    }

    fn hstrlen(store: StoreBorrow<'_>, key: String, field: Value) -> Answer<u64> {
        run(&store, Command::HStrLen { key: key.into(), field: bytes("hstrlen", field)? })
    }

    fn hincrby(store: StoreBorrow<'_>, key: String, field: Value, by: i64) -> Answer<i64> {
        run(&store, Command::HIncrBy { key: key.into(), field: bytes("hincrby", field)?, by })
    }

    fn hincrbyfloat(store: StoreBorrow<'_>, key: String, field: Value, by: Value) -> Answer<String> {
        const OP: &str = "hincrbyfloat";
        run(&store, Command::HIncrByFloat { key: key.into(), field: bytes(OP, field)?, by: number(OP, by)? })
    }

    fn hsetnx(store: StoreBorrow<'_>, key: String, field: Value, value: Value) -> Answer<bool> {
        let (field, value) = (bytes("hsetnx", field)?, bytes("hsetnx", value)?);
        run(&store, Command::HSetNx { key: key.into(), field, value })
    }

    fn hrandfield(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::HRandField { key: key.into(), count: None, with_values: false })
    }

    fn hrandfield_count(store: StoreBorrow<'_>, key: String, count: i64) -> Answer<Vec<Bytes>> {
        run(&store, Command::HRandField { key: key.into(), count: Some(count), with_values: false })
    }

    fn hrandfield_with_values(
        store: StoreBorrow<'_>,
        key: String,
        count: i64,
    ) -> Answer<Vec<(Bytes, Bytes)>> {
        run(&store, Command::HRandField { key: key.into(), count: Some(count), with_values: true })
    }

    fn hscan(
        store: StoreBorrow<'_>,
        key: String,
        cursor: String,
        options: MatchOptions,
    ) -> Answer<FieldPage> {
        let MatchOptions { match_: pattern, count } = options;
        let pattern = maybe("hscan", pattern)?;
        let page: Page<_> = run(&store, Command::HScan { key: key.into(), cursor, pattern, count })?;
        Ok(FieldPage { cursor: page.cursor, entries: page.items })
    }
}
