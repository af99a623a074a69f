// Dispatches a command to the engine's method and turns the result into a reply. No command semantics belong here.

use super::geo;
use super::lists::Search;
use super::order::Bounds;
use super::records;
use super::reply::{MAX_REPLY_BYTES, too_large, weight};
use super::sets::Algebra;
use super::value::Set;
use super::zset_algebra::Combination;
use super::zset_ranges::Selection;
use super::zsets::Adding;
use super::{Engine, Tick};
use crate::command::{Aggregate, Bytes, Command, Extreme, Key, Reply, Side, Weights};
use crate::error::Result;
use crate::score;
use foldhash::fast::FixedState;
use std::cell::OnceCell;

/// Converts seconds to milliseconds; `None` on overflow.
fn ms(seconds: i64) -> Option<i64> {
    seconds.checked_mul(1000)
}

fn int(number: impl TryInto<i64>) -> Reply {
    Reply::Int(number.try_into().unwrap_or(i64::MAX))
}

fn flag(yes: bool) -> Reply {
    Reply::Int(i64::from(yes))
}

fn optional(bytes: Option<impl Into<Bytes>>) -> Reply {
    bytes.map_or(Reply::Nil, |bytes| Reply::Bytes(bytes.into()))
}

fn scored(score: Option<f64>) -> Reply {
    optional(score.map(score::print))
}

/// A rank, with the score if wanted.
fn rank(found: Option<(usize, f64)>, with_score: bool) -> Reply {
    match found {
        Some((rank, score)) if with_score => {
            Reply::List(vec![Some((rank as u64).to_string().into()), Some(score::print(score).into())])
        }
        found => found.map_or(Reply::Nil, |(rank, _)| int(rank)),
    }
}

/// A key and what was taken from it.
fn keyed(taken: Option<(&Key, Vec<Option<Bytes>>)>) -> Reply {
    taken.map_or(Reply::Nil, |(key, mut items)| {
        items.insert(0, Some(key.as_bytes().to_vec()));
        Reply::List(items)
    })
}

fn combination<'a>(
    algebra: Algebra,
    weights: &'a Option<Weights>,
    aggregate: Option<Aggregate>,
) -> Combination<'a> {
    let weights = weights.as_ref().map(|weights| weights.0.as_slice());
    Combination { algebra, weights, aggregate: aggregate.unwrap_or_default() }
}

fn page((cursor, items): (String, Vec<Bytes>)) -> Reply {
    Reply::Page(cursor, items)
}

/// Returns a predicate: is this key one of `keys`, or named by one of `commands`? The set is built on the first call,
/// because only a full store asks.
fn named_by<'a>(
    commands: &'a [Command],
    keys: &'a [&'a Key],
    hasher: &FixedState,
) -> impl Fn(&[u8]) -> bool + use<'a> {
    let (named, hasher) = (OnceCell::new(), hasher.clone());
    move |key| {
        let named = named.get_or_init(|| {
            let mut named = Set::new(&hasher);
            let mut add = |key: &Key| {
                named.add(key.as_bytes());
            };
            keys.iter().for_each(|key| add(key));
            commands.iter().for_each(|command| command.each_key(&mut add));
            named
        });
        named.members.contains(key)
    }
}

/// Runs commands until the total size of their replies exceeds the limit.
fn each_bounded(
    commands: &[Command],
    apply: &mut dyn FnMut(&Command) -> Result<Reply>,
) -> Vec<Result<Reply>> {
    let mut gathered = 0_usize;
    let mut apply = |command| {
        if gathered > MAX_REPLY_BYTES {
            return Err(too_large());
        }
        let reply = apply(command)?;
        gathered = gathered.saturating_add(weight(&reply));
        Ok(reply)
    };
    commands.iter().map(&mut apply).collect()
}

impl Engine {
    /// Runs one command. Its keys already carry their prefix. This is the only place that lists every operation.
    ///
    /// # Errors
    /// Returns the operation's error. Nothing has changed in that case.
    pub fn apply(&mut self, command: &Command, tick: &Tick) -> Result<Reply> {
        let is_named = named_by(std::slice::from_ref(command), &[], self.table.hasher());
        self.apply_sparing(command, &is_named, tick)
    }

    /// Runs commands in order and returns one result for each. Once the replies together exceed the size limit of a
    /// single reply, the remaining commands are not run and fail with `too-large`.
    pub fn apply_all(&mut self, commands: &[Command], tick: &Tick) -> Vec<Result<Reply>> {
        each_bounded(commands, &mut |command| self.apply(command, tick))
    }

    /// Like [`apply_all`](Engine::apply_all), for the commands of a transaction. None of them evicts a key that the
    /// transaction names or has checked.
    pub fn apply_together(
        &mut self,
        checked: &[&Key],
        commands: &[Command],
        tick: &Tick,
    ) -> Vec<Result<Reply>> {
        let is_named = named_by(commands, checked, self.table.hasher());
        each_bounded(commands, &mut |command| self.apply_sparing(command, &is_named, tick))
    }

    fn apply_sparing(
        &mut self,
        command: &Command,
        is_named: &dyn Fn(&[u8]) -> bool,
        tick: &Tick,
    ) -> Result<Reply> {
        self.sweep(tick)?;
        self.with_room(tick, is_named, |engine| engine.run(command, tick))
    }

    fn run(&mut self, command: &Command, tick: &Tick) -> Result<Reply> {
        Ok(match command {
            Command::Del { keys } => int(self.del(keys, tick)?),
            Command::Exists { keys } => int(self.exists(keys, tick)?),
            Command::Keys { pattern } => Reply::List(self.keys(pattern.as_bytes(), tick)?),
            Command::Scan { cursor, pattern, count, kind } => {
                page(self.scan(cursor, pattern.as_ref().map(String::as_bytes), *count, *kind, tick)?)
            }
            Command::Type { key } => {
                let kind = self.type_of(key.as_bytes(), tick)?;
                Reply::Bytes(kind.map_or("none", |kind| kind.name()).into())
            }
            Command::Rename { key, to } => {
                self.rename(key.as_bytes(), to.as_bytes(), false, tick)?;
                Reply::Ok
            }
            Command::RenameNx { key, to } => flag(self.rename(key.as_bytes(), to.as_bytes(), true, tick)?),
            Command::Copy { key, to, replace } => {
                flag(self.copy(key.as_bytes(), to.as_bytes(), *replace, tick)?)
            }
            Command::Touch { keys } => int(self.touch(keys, tick)?),
            Command::RandomKey { prefix } => optional(self.randomkey(prefix.as_bytes(), tick)?),
            Command::Expire { key, seconds, condition } => {
                flag(self.expire_after(key.as_bytes(), ms(*seconds), *condition, tick)?)
            }
            Command::PExpire { key, milliseconds, condition } => {
                flag(self.expire_after(key.as_bytes(), Some(*milliseconds), *condition, tick)?)
            }
            Command::ExpireAt { key, seconds, condition } => {
                flag(self.expireat(key.as_bytes(), ms(*seconds), *condition, tick)?)
            }
            Command::PExpireAt { key, milliseconds, condition } => {
                flag(self.expireat(key.as_bytes(), Some(*milliseconds), *condition, tick)?)
            }
            Command::ExpireTime { key } => int(self.expiretime(key.as_bytes(), tick)?),
            Command::PExpireTime { key } => int(self.pexpiretime(key.as_bytes(), tick)?),
            Command::Ttl { key } => int(self.ttl(key.as_bytes(), tick)?),
            Command::PTtl { key } => int(self.pttl(key.as_bytes(), tick)?),
            Command::Persist { key } => flag(self.persist(key.as_bytes(), tick)?),
            Command::Range { start, end, after, limit, reverse, keys_only } => {
                let bounds = Bounds {
                    start: start.as_bytes(),
                    end: end.as_ref().map(String::as_bytes),
                    after: after.as_ref().map(String::as_bytes),
                    reverse: *reverse,
                };
                Reply::List(self.range(bounds, *limit, !*keys_only, tick)?)
            }
            Command::Count { start, end } => {
                int(self.count(start.as_bytes(), end.as_ref().map(String::as_bytes), tick)?)
            }
            Command::DeleteRange { start, end } => {
                int(self.delete_range(start.as_bytes(), end.as_ref().map(String::as_bytes), tick)?)
            }
            Command::Flush { prefix } => {
                records::Storage::flush(self, prefix)?;
                self.flush(prefix.as_bytes());
                Reply::Ok
            }

            Command::Get { key } => optional(self.get(key.as_bytes(), tick)?),
            Command::Set { key, value, expiry, condition: None, get: false } => {
                self.set(key.as_bytes(), value, *expiry, tick)?;
                Reply::Ok
            }
            Command::Set { key, value, expiry, condition, get } => {
                let outcome = self.set_with(key.as_bytes(), value, *expiry, *condition, *get, tick)?;
                match (*get, outcome.written) {
                    (true, _) => optional(outcome.previous),
                    (false, true) => Reply::Ok,
                    (false, false) => Reply::Nil,
                }
            }
            Command::Append { key, value } => int(self.append(key.as_bytes(), value, tick)?),
            Command::StrLen { key } => int(self.strlen(key.as_bytes(), tick)?),
            Command::GetRange { key, start, end } => {
                Reply::Bytes(self.getrange(key.as_bytes(), *start, *end, tick)?)
            }
            Command::SetRange { key, offset, value } => {
                int(self.setrange(key.as_bytes(), *offset, value, tick)?)
            }
            Command::GetSet { key, value, expiry } => {
                optional(self.set_with(key.as_bytes(), value, *expiry, None, true, tick)?.previous)
            }
            Command::GetDel { key } => optional(self.getdel(key.as_bytes(), tick)?),
            Command::GetEx { key, expiry } => optional(self.getex(key.as_bytes(), *expiry, tick)?),
            Command::Incr { key } => int(self.incrby(key.as_bytes(), 1, tick)?),
            Command::Decr { key } => int(self.incrby(key.as_bytes(), -1, tick)?),
            Command::IncrBy { key, by } => int(self.incrby(key.as_bytes(), *by, tick)?),
            Command::DecrBy { key, by } => int(self.decrby(key.as_bytes(), *by, tick)?),
            Command::IncrByFloat { key, by } => Reply::Bytes(self.incrbyfloat(key.as_bytes(), by, tick)?),
            Command::MGet { keys } => Reply::List(self.mget(keys, tick)?),
            Command::MSet { pairs, expiry } => {
                self.mset(pairs, *expiry, tick)?;
                Reply::Ok
            }
            Command::MSetNx { pairs, expiry } => flag(self.msetnx(pairs, *expiry, tick)?),
            Command::CompareAndSet { key, expected, value, expiry } => {
                flag(self.compare_and_set(key.as_bytes(), expected.as_deref(), value, *expiry, tick)?)
            }
            Command::CompareAndDelete { key, expected } => {
                flag(self.compare_and_delete(key.as_bytes(), expected, tick)?)
            }

            Command::LPush { key, values } => {
                int(self.push(key.as_bytes(), Side::Left, values, false, tick)?)
            }
            Command::RPush { key, values } => {
                int(self.push(key.as_bytes(), Side::Right, values, false, tick)?)
            }
            Command::LPushX { key, values } => {
                int(self.push(key.as_bytes(), Side::Left, values, true, tick)?)
            }
            Command::RPushX { key, values } => {
                int(self.push(key.as_bytes(), Side::Right, values, true, tick)?)
            }
            Command::LPop { key, count } => self.pop_reply(key, Side::Left, *count, tick)?,
            Command::RPop { key, count } => self.pop_reply(key, Side::Right, *count, tick)?,
            Command::LMPop { keys, side, count } => {
                keyed(self.lmpop(keys, *side, count.unwrap_or(1), tick)?)
            }
            Command::LRange { key, start, stop } => {
                Reply::List(self.lrange(key.as_bytes(), *start, *stop, tick)?)
            }
            Command::LLen { key } => int(self.llen(key.as_bytes(), tick)?),
            Command::LIndex { key, index } => optional(self.lindex(key.as_bytes(), *index, tick)?),
            Command::LPos { key, value, rank, count, maxlen } => {
                let search = Search {
                    rank: rank.unwrap_or(1),
                    count: count.unwrap_or(1),
                    max_len: maxlen.unwrap_or(0),
                };
                let positions = self.lpos(key.as_bytes(), value, search, tick)?;
                match count {
                    Some(_) => Reply::Ints(positions),
                    None => positions.first().map_or(Reply::Nil, |position| Reply::Int(*position)),
                }
            }
            Command::LSet { key, index, value } => {
                self.lset(key.as_bytes(), *index, value, tick)?;
                Reply::Ok
            }
            Command::LRem { key, count, value } => int(self.lrem(key.as_bytes(), *count, value, tick)?),
            Command::LTrim { key, start, stop } => {
                self.ltrim(key.as_bytes(), *start, *stop, tick)?;
                Reply::Ok
            }
            Command::LInsert { key, position, pivot, value } => {
                int(self.linsert(key.as_bytes(), *position, pivot, value, tick)?)
            }
            Command::LMove { key, to, from_side, to_side } => {
                optional(self.lmove(key.as_bytes(), to.as_bytes(), *from_side, *to_side, tick)?)
            }

            Command::HSet { key, pairs } => int(self.hset(key.as_bytes(), pairs, tick)?),
            Command::HGet { key, field } => optional(self.hget(key.as_bytes(), field, tick)?),
            Command::HMGet { key, fields } => Reply::List(self.hmget(key.as_bytes(), fields, tick)?),
            Command::HGetAll { key } => Reply::List(self.hgetall(key.as_bytes(), tick)?),
            Command::HDel { key, fields } => int(self.hdel(key.as_bytes(), fields, tick)?),
            Command::HExists { key, field } => flag(self.hexists(key.as_bytes(), field, tick)?),
            Command::HLen { key } => int(self.hlen(key.as_bytes(), tick)?),
            Command::HKeys { key } => Reply::List(self.hkeys(key.as_bytes(), tick)?),
            Command::HVals { key } => Reply::List(self.hvals(key.as_bytes(), tick)?),
            Command::HStrLen { key, field } => int(self.hstrlen(key.as_bytes(), field, tick)?),
            Command::HIncrBy { key, field, by } => int(self.hincrby(key.as_bytes(), field, *by, tick)?),
            Command::HIncrByFloat { key, field, by } => {
                Reply::Bytes(self.hincrbyfloat(key.as_bytes(), field, by, tick)?)
            }
            Command::HSetNx { key, field, value } => flag(self.hsetnx(key.as_bytes(), field, value, tick)?),
            Command::HRandField { key, count: None, .. } => optional(self.hrandfield(key.as_bytes(), tick)?),
            Command::HRandField { key, count: Some(count), with_values } => {
                Reply::List(self.hrand_fields(key.as_bytes(), *count, *with_values, tick)?)
            }
            Command::HScan { key, cursor, pattern, count } => {
                page(self.hscan(key.as_bytes(), cursor, pattern.as_deref(), *count, tick)?)
            }

            Command::SAdd { key, members } => int(self.sadd(key.as_bytes(), members, tick)?),
            Command::SRem { key, members } => int(self.srem(key.as_bytes(), members, tick)?),
            Command::SMembers { key } => Reply::List(self.smembers(key.as_bytes(), tick)?),
            Command::SIsMember { key, member } => flag(self.is_member(key.as_bytes(), member, tick)?),
            Command::SMIsMember { key, members } => Reply::Ints(
                self.are_members(key.as_bytes(), members, tick)?.into_iter().map(i64::from).collect(),
            ),
            Command::SCard { key } => int(self.scard(key.as_bytes(), tick)?),
            Command::SPop { key, count: None } => {
                optional(self.spop(key.as_bytes(), 1, tick)?.pop().flatten())
            }
            Command::SPop { key, count: Some(count) } => {
                Reply::List(self.spop(key.as_bytes(), *count, tick)?)
            }
            Command::SRandMember { key, count: None } => {
                optional(self.srandmember(key.as_bytes(), 1, tick)?.pop().flatten())
            }
            Command::SRandMember { key, count: Some(count) } => {
                Reply::List(self.srandmember(key.as_bytes(), *count, tick)?)
            }
            Command::SMove { key, to, member } => {
                flag(self.smove(key.as_bytes(), to.as_bytes(), member, tick)?)
            }
            Command::SInter { keys } => Reply::List(self.combined(Algebra::Intersection, keys, tick)?),
            Command::SUnion { keys } => Reply::List(self.combined(Algebra::Union, keys, tick)?),
            Command::SDiff { keys } => Reply::List(self.combined(Algebra::Difference, keys, tick)?),
            Command::SInterStore { to, keys } => {
                int(self.combine_into(Algebra::Intersection, to.as_bytes(), keys, tick)?)
            }
            Command::SUnionStore { to, keys } => {
                int(self.combine_into(Algebra::Union, to.as_bytes(), keys, tick)?)
            }
            Command::SDiffStore { to, keys } => {
                int(self.combine_into(Algebra::Difference, to.as_bytes(), keys, tick)?)
            }
            Command::SInterCard { keys, limit } => int(self.sintercard(keys, limit.unwrap_or(0), tick)?),
            Command::SScan { key, cursor, pattern, count } => {
                page(self.sscan(key.as_bytes(), cursor, pattern.as_deref(), *count, tick)?)
            }

            Command::ZAdd { key, condition, increment: true, members, .. } => match members.first() {
                Some((by, member)) => scored(self.zincrby(key.as_bytes(), member, *by, *condition, tick)?),
                None => Reply::Nil,
            },
            Command::ZAdd { key, condition, changed, members, .. } => {
                let adding = Adding { condition: *condition, changed: *changed };
                int(self.zadd(key.as_bytes(), members, adding, tick)?)
            }
            Command::ZIncrBy { key, by, member } => {
                scored(self.zincrby(key.as_bytes(), member, *by, None, tick)?)
            }
            Command::ZScore { key, member } => scored(self.zscore(key.as_bytes(), member, tick)?),
            Command::ZMScore { key, members } => {
                let scores = self.zmscore(key.as_bytes(), members, tick)?;
                Reply::List(scores.into_iter().map(|score| Some(score::print(score?).into())).collect())
            }
            Command::ZCard { key } => int(self.zcard(key.as_bytes(), tick)?),
            Command::ZRank { key, member, with_score } => {
                rank(self.zrank(key.as_bytes(), member, false, tick)?, *with_score)
            }
            Command::ZRevRank { key, member, with_score } => {
                rank(self.zrank(key.as_bytes(), member, true, tick)?, *with_score)
            }
            Command::ZRange { key, start, stop, by, reverse, limit, with_scores } => {
                let selection = Selection { start, stop, by: *by, reverse: *reverse, limit: *limit };
                Reply::List(self.zrange(key.as_bytes(), selection, *with_scores, tick)?)
            }
            Command::ZRangeStore { to, key, start, stop, by, reverse, limit } => {
                let selection = Selection { start, stop, by: *by, reverse: *reverse, limit: *limit };
                int(self.zrangestore(to.as_bytes(), key.as_bytes(), selection, tick)?)
            }
            Command::ZCount { key, min, max } => int(self.zcount(key.as_bytes(), min, max, tick)?),
            Command::ZLexCount { key, min, max } => int(self.zlexcount(key.as_bytes(), min, max, tick)?),
            Command::ZRem { key, members } => int(self.zrem(key.as_bytes(), members, tick)?),
            Command::ZRemRangeByRank { key, start, stop } => {
                int(self.zremrangebyrank(key.as_bytes(), *start, *stop, tick)?)
            }
            Command::ZRemRangeByScore { key, min, max } => {
                int(self.zremrangebyscore(key.as_bytes(), min, max, tick)?)
            }
            Command::ZRemRangeByLex { key, min, max } => {
                int(self.zremrangebylex(key.as_bytes(), min, max, tick)?)
            }
            Command::ZPopMin { key, count } => self.zpop_reply(key, Extreme::Min, *count, tick)?,
            Command::ZPopMax { key, count } => self.zpop_reply(key, Extreme::Max, *count, tick)?,
            Command::ZMPop { keys, from, count } => {
                keyed(self.zmpop(keys, *from, count.unwrap_or(1), tick)?)
            }
            Command::ZRandMember { key, count: None, .. } => {
                optional(self.zrandmember(key.as_bytes(), 1, false, tick)?.pop().flatten())
            }
            Command::ZRandMember { key, count: Some(count), with_scores } => {
                Reply::List(self.zrandmember(key.as_bytes(), *count, *with_scores, tick)?)
            }
            Command::ZUnion { keys, weights, aggregate, with_scores } => {
                let union = combination(Algebra::Union, weights, *aggregate);
                Reply::List(self.combined_sorted(union, keys, *with_scores, tick)?)
            }
            Command::ZInter { keys, weights, aggregate, with_scores } => {
                let intersection = combination(Algebra::Intersection, weights, *aggregate);
                Reply::List(self.combined_sorted(intersection, keys, *with_scores, tick)?)
            }
            Command::ZDiff { keys, with_scores } => {
                let difference = combination(Algebra::Difference, &None, None);
                Reply::List(self.combined_sorted(difference, keys, *with_scores, tick)?)
            }
            Command::ZUnionStore { to, keys, weights, aggregate } => {
                let union = combination(Algebra::Union, weights, *aggregate);
                int(self.combine_sorted_into(union, to.as_bytes(), keys, tick)?)
            }
            Command::ZInterStore { to, keys, weights, aggregate } => {
                let intersection = combination(Algebra::Intersection, weights, *aggregate);
                int(self.combine_sorted_into(intersection, to.as_bytes(), keys, tick)?)
            }
            Command::ZDiffStore { to, keys } => {
                let difference = combination(Algebra::Difference, &None, None);
                int(self.combine_sorted_into(difference, to.as_bytes(), keys, tick)?)
            }
            Command::ZInterCard { keys, limit } => int(self.zintercard(keys, limit.unwrap_or(0), tick)?),
            Command::ZScan { key, cursor, pattern, count } => {
                page(self.zscan(key.as_bytes(), cursor, pattern.as_deref(), *count, tick)?)
            }

            Command::GeoAdd { key, condition, changed, members } => {
                let adding = Adding { condition: *condition, changed: *changed };
                int(self.geoadd(key.as_bytes(), members, adding, tick)?)
            }
            Command::GeoPos { key, members } => Reply::List(self.geopos(key.as_bytes(), members, tick)?),
            Command::GeoDist { key, from, to, unit } => {
                optional(self.geodist(key.as_bytes(), from, to, unit.unwrap_or_default(), tick)?)
            }
            Command::GeoHash { key, members } => Reply::List(self.geohash(key.as_bytes(), members, tick)?),
            Command::GeoSearch { key, from, by, order, count, any, .. } => {
                let search = geo::Search { from, by: *by, order: *order, count: *count, any: *any };
                Reply::List(self.geosearch(key.as_bytes(), search, command.details(), tick)?)
            }
            Command::GeoSearchStore { to, key, from, by, order, count, any, store_distances } => {
                let search = geo::Search { from, by: *by, order: *order, count: *count, any: *any };
                int(self.geosearchstore(to.as_bytes(), key.as_bytes(), search, *store_distances, tick)?)
            }

            Command::GetBit { key, offset } => flag(self.getbit(key.as_bytes(), *offset, tick)?),
            Command::SetBit { key, offset, bit } => flag(self.setbit(key.as_bytes(), *offset, *bit, tick)?),
            Command::BitCount { key, range } => int(self.bitcount(key.as_bytes(), *range, tick)?),
            Command::BitPos { key, bit, range } => {
                self.bitpos(key.as_bytes(), *bit == 1, *range, tick)?.map_or(Reply::Int(-1), int)
            }
            Command::BitOp { operation, to, keys } => {
                int(self.bitop(*operation, to.as_bytes(), keys, tick)?)
            }
            Command::BitField { key, operations } => {
                let numbers = self.bitfield(key.as_bytes(), operations, tick)?;
                Reply::List(numbers.into_iter().map(|number| Some(number?.to_string().into())).collect())
            }

            Command::PfAdd { key, members } => flag(self.pfadd(key.as_bytes(), members, tick)?),
            Command::PfCount { keys } => int(self.pfcount(keys, tick)?),
            Command::PfMerge { to, keys } => {
                self.pfmerge(to.as_bytes(), keys, tick)?;
                Reply::Ok
            }

            Command::RecordsPut { .. }
            | Command::RecordsPatch { .. }
            | Command::RecordsGet { .. }
            | Command::RecordsGetMany { .. }
            | Command::RecordsList { .. }
            | Command::RecordsCount { .. }
            | Command::RecordsDelete { .. }
            | Command::RecordsDeletePrefix { .. }
            | Command::RecordsDeleteRange { .. }
            | Command::RecordsRestore { .. }
            | Command::RecordsMutate { .. }
            | Command::ChangesRead { .. }
            | Command::ChangesLatest { .. }
            | Command::ChangesTrim { .. }
            | Command::ChangesAdvance { .. }
            | Command::ConsumersClaim { .. }
            | Command::ConsumersRelease { .. }
            | Command::ConsumersCommit { .. }
            | Command::ConsumersStatus { .. }
            | Command::ConsumersDelete { .. }
            | Command::ConsumersList { .. }
            | Command::LocksAcquire { .. }
            | Command::LocksRelease { .. }
            | Command::LocksStatus { .. }
            | Command::TasksCreate { .. }
            | Command::TasksGet { .. }
            | Command::TasksList { .. }
            | Command::TasksCancel { .. }
            | Command::TasksLock { .. }
            | Command::TasksHeartbeat { .. }
            | Command::TasksRelease { .. }
            | Command::TasksRequeue { .. }
            | Command::TasksRestore { .. }
            | Command::TasksTrim { .. } => records::apply(self, command, tick)?,
        })
    }

    fn pop_reply(&mut self, key: &Key, side: Side, count: Option<u64>, tick: &Tick) -> Result<Reply> {
        Ok(match count {
            None => optional(self.pop(key.as_bytes(), side, tick)?),
            Some(count) => self.pop_many(key.as_bytes(), side, count, tick)?.map_or(Reply::Nil, Reply::List),
        })
    }

    fn zpop_reply(&mut self, key: &Key, from: Extreme, count: Option<u64>, tick: &Tick) -> Result<Reply> {
        let taken = self.zpop(key.as_bytes(), from, count.unwrap_or(1), tick)?;
        Ok(Reply::List(taken.unwrap_or_default()))
    }
}
