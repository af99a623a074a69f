// The interface `sets`: decode, run, encode.

use super::convert::{all, bytes, keys, maybe};
use super::{Answer, Component, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::sets::{Guest, MatchOptions, MemberPage, Value};
use omnikv::command::{Bytes, Command};
use omnikv::reply::Page;

impl Guest for Component {
    fn sadd(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<u64> {
        run(&store, Command::SAdd { key: key.into(), members: all("sadd", members)? })
    }

    fn srem(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<u64> {
        run(&store, Command::SRem { key: key.into(), members: all("srem", members)? })
    }

    fn smembers(store: StoreBorrow<'_>, key: String) -> Answer<Vec<Bytes>> {
        run(&store, Command::SMembers { key: key.into() })
    }

    fn sismember(store: StoreBorrow<'_>, key: String, member: Value) -> Answer<bool> {
        run(&store, Command::SIsMember { key: key.into(), member: bytes("sismember", member)? })
    }

    fn smismember(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<Vec<bool>> {
        run(&store, Command::SMIsMember { key: key.into(), members: all("smismember", members)? })
    }

    fn scard(store: StoreBorrow<'_>, key: String) -> Answer<u64> {
        run(&store, Command::SCard { key: key.into() })
    }

    fn spop(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::SPop { key: key.into(), count: None })
    }

    fn spop_count(store: StoreBorrow<'_>, key: String, count: u64) -> Answer<Vec<Bytes>> {
        run(&store, Command::SPop { key: key.into(), count: Some(count) })
    }

    fn srandmember(store: StoreBorrow<'_>, key: String) -> Answer<Option<Bytes>> {
        run(&store, Command::SRandMember { key: key.into(), count: None })
    }

    fn srandmember_count(store: StoreBorrow<'_>, key: String, count: i64) -> Answer<Vec<Bytes>> {
        run(&store, Command::SRandMember { key: key.into(), count: Some(count) })
    }

    fn smove(store: StoreBorrow<'_>, key: String, to: String, member: Value) -> Answer<bool> {
        run(&store, Command::SMove { key: key.into(), to: to.into(), member: bytes("smove", member)? })
    }

    fn sinter(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Bytes>> {
        run(&store, Command::SInter { keys: keys(names) })
    }

    fn sunion(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Bytes>> {
        run(&store, Command::SUnion { keys: keys(names) })
    }

    fn sdiff(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<Vec<Bytes>> {
        run(&store, Command::SDiff { keys: keys(names) })
    }

    fn sinterstore(store: StoreBorrow<'_>, to: String, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::SInterStore { to: to.into(), keys: keys(names) })
    }

    fn sunionstore(store: StoreBorrow<'_>, to: String, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::SUnionStore { to: to.into(), keys: keys(names) })
    }

    fn sdiffstore(store: StoreBorrow<'_>, to: String, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::SDiffStore { to: to.into(), keys: keys(names) })
    }

    fn sintercard(store: StoreBorrow<'_>, names: Vec<String>, limit: Option<u64>) -> Answer<u64> {
        run(&store, Command::SInterCard { keys: keys(names), limit })
    }

    fn sscan(
        store: StoreBorrow<'_>,
        key: String,
        cursor: String,
        options: MatchOptions,
    ) -> Answer<MemberPage> {
        let MatchOptions { match_: pattern, count } = options;
        let pattern = maybe("sscan", pattern)?;
        let page: Page<_> = run(&store, Command::SScan { key: key.into(), cursor, pattern, count })?;
        Ok(MemberPage { cursor: page.cursor, members: page.items })
    }
}
