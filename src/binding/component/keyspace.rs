// The interface `keyspace`: decode, run, encode.

use super::connection::Handle;
use super::convert::keys;
use super::exports::omnikv::kv::connection::StoreBorrow;
use super::exports::omnikv::kv::keyspace::{
    ExpireCondition, Guest, KeyPage, RangeOptions, ScanOptions, ValueType,
};
use super::{Answer, Component, run};
use crate::command::{self, Bytes, Command};
use crate::operations::{self, Keyspace};

impl Guest for Component {
    fn del(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::Del { keys: keys(names) })
    }

    fn exists(store: StoreBorrow<'_>, key: String) -> Answer<bool> {
        run(&store, Command::Exists { keys: keys([key]) })
    }

    fn keys(store: StoreBorrow<'_>, pattern: String) -> Answer<Vec<String>> {
        Ok(store.get::<Handle>().0.keys(pattern)?)
    }

    fn scan(store: StoreBorrow<'_>, cursor: String, options: ScanOptions) -> Answer<KeyPage> {
        let ScanOptions { match_: pattern, count, type_ } = options;
        let mut options = operations::ScanOptions::new();
        if let Some(pattern) = pattern {
            options = options.matching(pattern);
        }
        if let Some(count) = count {
            options = options.count(count);
        }
        if let Some(kind) = type_ {
            options = options.of_type(kind.into());
        }
        let page = store.get::<Handle>().0.scan(cursor, options)?;
        Ok(KeyPage { cursor: page.cursor, keys: page.items })
    }

    fn key_type(store: StoreBorrow<'_>, key: String) -> Answer<Option<ValueType>> {
        Ok(store.get::<Handle>().0.type_of(key)?.map(Into::into))
    }

    fn rename(store: StoreBorrow<'_>, key: String, to: String) -> Answer<()> {
        run(&store, Command::Rename { key: key.into(), to: to.into() })
    }

    fn renamenx(store: StoreBorrow<'_>, key: String, to: String) -> Answer<bool> {
        run(&store, Command::RenameNx { key: key.into(), to: to.into() })
    }

    fn copy(store: StoreBorrow<'_>, key: String, to: String, replace: bool) -> Answer<bool> {
        run(&store, Command::Copy { key: key.into(), to: to.into(), replace })
    }

    fn touch(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::Touch { keys: keys(names) })
    }

    fn randomkey(store: StoreBorrow<'_>) -> Answer<Option<String>> {
        run(&store, Command::RandomKey { prefix: String::new() })
    }

    fn expire(
        store: StoreBorrow<'_>,
        key: String,
        seconds: i64,
        condition: Option<ExpireCondition>,
    ) -> Answer<bool> {
        run(&store, Command::Expire { key: key.into(), seconds, condition: condition.map(Into::into) })
    }

    fn pexpire(
        store: StoreBorrow<'_>,
        key: String,
        milliseconds: i64,
        condition: Option<ExpireCondition>,
    ) -> Answer<bool> {
        run(&store, Command::PExpire { key: key.into(), milliseconds, condition: condition.map(Into::into) })
    }

    fn expireat(
        store: StoreBorrow<'_>,
        key: String,
        seconds: i64,
        condition: Option<ExpireCondition>,
    ) -> Answer<bool> {
        run(&store, Command::ExpireAt { key: key.into(), seconds, condition: condition.map(Into::into) })
    }

    fn pexpireat(
        store: StoreBorrow<'_>,
        key: String,
        milliseconds: i64,
        condition: Option<ExpireCondition>,
    ) -> Answer<bool> {
        run(
            &store,
            Command::PExpireAt { key: key.into(), milliseconds, condition: condition.map(Into::into) },
        )
    }

    fn expiretime(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::ExpireTime { key: key.into() })
    }

    fn pexpiretime(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::PExpireTime { key: key.into() })
    }

    fn ttl(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::Ttl { key: key.into() })
    }

    fn pttl(store: StoreBorrow<'_>, key: String) -> Answer<i64> {
        run(&store, Command::PTtl { key: key.into() })
    }

    fn persist(store: StoreBorrow<'_>, key: String) -> Answer<bool> {
        run(&store, Command::Persist { key: key.into() })
    }

    fn range(
        store: StoreBorrow<'_>,
        start: String,
        end: Option<String>,
        options: RangeOptions,
    ) -> Answer<Vec<(String, Option<Bytes>)>> {
        let RangeOptions { limit, reverse } = options;
        run(&store, Command::Range { start, end, limit, reverse })
    }

    fn count(store: StoreBorrow<'_>, start: String, end: Option<String>) -> Answer<u64> {
        run(&store, Command::Count { start, end })
    }

    fn delete_range(store: StoreBorrow<'_>, start: String, end: Option<String>) -> Answer<u64> {
        run(&store, Command::DeleteRange { start, end })
    }
}

impl From<ExpireCondition> for command::ExpireCondition {
    fn from(condition: ExpireCondition) -> Self {
        match condition {
            ExpireCondition::WithoutDeadline => Self::None,
            ExpireCondition::WithDeadline => Self::Some,
            ExpireCondition::Later => Self::Later,
            ExpireCondition::Earlier => Self::Earlier,
            ExpireCondition::EarlierWithDeadline => Self::EarlierThanSome,
        }
    }
}
