// The operations on sorted sets. Each method names its command and its reply; none has a meaning of its own.

use super::zset_options::{ZRange, ZaddOptions, ZcombineOptions, lex_bounds, score_bounds};
use super::{MatchOptions, Run, building};
use crate::command::{Command, Extreme, Key, ScoreCondition};
use crate::error::Result;
use crate::reply::{
    KeyAndScored, Page, key_and_scored, rank_and_score, score, score_if_any, scored, scored_if_any,
    scored_page, scores,
};
use crate::value::{FromValue, IntoKeys, IntoValue, IntoValues};
use std::ops::RangeBounds;

/// Sorted sets: distinct members under one key, each with a score.
///
/// Members are in the order of their scores; members with the same score are in the order of their bytes. Scores may be
/// infinite, but never NaN. Removing the last member removes the key; a missing sorted set counts as an empty one. The
/// [errors of every operation](super#errors-of-every-operation) apply. n is the number of members.
pub trait SortedSets: Run {
    /// Adds members with their scores, or changes the scores of members. Returns how many members are new.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no members, and for NaN.
    fn zadd<V: IntoValue>(
        &self,
        key: impl Into<Key>,
        members: impl IntoIterator<Item = (V, f64)>,
    ) -> Self::Output<u64> {
        self.zadd_with(key, members, ZaddOptions::new())
    }

    /// Like [`zadd`](Self::zadd), under a condition.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no members, and for NaN.
    fn zadd_with<V: IntoValue>(
        &self,
        key: impl Into<Key>,
        members: impl IntoIterator<Item = (V, f64)>,
        options: ZaddOptions,
    ) -> Self::Output<u64> {
        self.run(building("zadd", || {
            let members = members
                .into_iter()
                .map(|(member, score)| Ok((score, member.into_value()?)))
                .collect::<Result<_>>()?;
            let ZaddOptions { condition, changed } = options;
            Ok(Command::ZAdd { key: key.into(), condition, changed, increment: false, members })
        }))
    }

    /// Adds to a member's score under a condition; a missing member starts from 0. Returns the new score; `None` if the
    /// condition did not hold. It is `ZADD` with `INCR`.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN, `invalid-value` if the sum is not a number.
    fn zadd_incr(
        &self,
        key: impl Into<Key>,
        member: impl IntoValue,
        by: f64,
        condition: Option<ScoreCondition>,
    ) -> Self::Output<Option<f64>> {
        let command = building("zadd", || {
            let members = vec![(by, member.into_value()?)];
            Ok(Command::ZAdd { key: key.into(), condition, changed: false, increment: true, members })
        });
        self.read(command, score_if_any)
    }

    /// Adds to a member's score and returns the sum; a missing member starts from 0.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zincrby>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN, `invalid-value` if the sum is not a number.
    fn zincrby(&self, key: impl Into<Key>, by: f64, member: impl IntoValue) -> Self::Output<f64> {
        let command = building("zincrby", || {
            Ok(Command::ZIncrBy { key: key.into(), by, member: member.into_value()? })
        });
        self.read(command, score)
    }

    /// Returns a member's score; `None` when it is not a member.
    ///
    /// O(1). Redis: <https://redis.io/commands/zscore>
    fn zscore(&self, key: impl Into<Key>, member: impl IntoValue) -> Self::Output<Option<f64>> {
        let command =
            building("zscore", || Ok(Command::ZScore { key: key.into(), member: member.into_value()? }));
        self.read(command, score_if_any)
    }

    /// Returns the score of each member, in order; `None` for those that are not members.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/zmscore>
    fn zmscore(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<Vec<Option<f64>>> {
        let command =
            building("zmscore", || Ok(Command::ZMScore { key: key.into(), members: members.into_values()? }));
        self.read(command, scores)
    }

    /// Returns the number of members.
    ///
    /// O(1). Redis: <https://redis.io/commands/zcard>
    fn zcard(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::ZCard { key: key.into() }))
    }

    /// Returns a member's rank, counted from 0 for the lowest score; `None` when it is not a member.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zrank>
    fn zrank(&self, key: impl Into<Key>, member: impl IntoValue) -> Self::Output<Option<u64>> {
        self.run(building("zrank", || {
            Ok(Command::ZRank { key: key.into(), member: member.into_value()?, with_score: false })
        }))
    }

    /// Returns a member's rank and its score; `None` when it is not a member.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zrank>
    fn zrank_with_score(
        &self,
        key: impl Into<Key>,
        member: impl IntoValue,
    ) -> Self::Output<Option<(u64, f64)>> {
        let command = building("zrank", || {
            Ok(Command::ZRank { key: key.into(), member: member.into_value()?, with_score: true })
        });
        self.read(command, rank_and_score)
    }

    /// Returns a member's rank, counted from 0 for the highest score; `None` when it is not a member.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zrevrank>
    fn zrevrank(&self, key: impl Into<Key>, member: impl IntoValue) -> Self::Output<Option<u64>> {
        self.run(building("zrevrank", || {
            Ok(Command::ZRevRank { key: key.into(), member: member.into_value()?, with_score: false })
        }))
    }

    /// Returns a member's rank from the highest score, and its score; `None` when it is not a member.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zrevrank>
    fn zrevrank_with_score(
        &self,
        key: impl Into<Key>,
        member: impl IntoValue,
    ) -> Self::Output<Option<(u64, f64)>> {
        let command = building("zrevrank", || {
            Ok(Command::ZRevRank { key: key.into(), member: member.into_value()?, with_score: true })
        });
        self.read(command, rank_and_score)
    }

    /// Returns the members of a range of ranks, scores or members, in order.
    ///
    /// O(log n + members of the range). Redis: <https://redis.io/commands/zrange>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN, and for a limit of ranks.
    fn zrange<T: FromValue>(&self, key: impl Into<Key>, range: impl Into<ZRange>) -> Self::Output<Vec<T>> {
        self.run(zrange(key.into(), range.into(), false))
    }

    /// Returns the members of a range of ranks or scores with their scores, in order.
    ///
    /// O(log n + members of the range). Redis: <https://redis.io/commands/zrange>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN, for a range of members, and for a limit of ranks.
    fn zrange_with_scores<T: FromValue>(
        &self,
        key: impl Into<Key>,
        range: impl Into<ZRange>,
    ) -> Self::Output<Vec<(T, f64)>> {
        self.read(zrange(key.into(), range.into(), true), scored)
    }

    /// Stores the members of a range and their scores at the key `to`, replacing any value there; an empty range deletes
    /// the key. Returns the number of members.
    ///
    /// O(log n + members of the range). Redis: <https://redis.io/commands/zrangestore>
    ///
    /// # Errors
    ///
    /// Like [`zrange`](Self::zrange).
    fn zrangestore(
        &self,
        to: impl Into<Key>,
        key: impl Into<Key>,
        range: impl Into<ZRange>,
    ) -> Self::Output<u64> {
        self.run(building("zrangestore", || {
            let range = range.into();
            let (start, stop) = range.start_and_stop()?;
            let ZRange { by, reverse, limit, .. } = range;
            Ok(Command::ZRangeStore { to: to.into(), key: key.into(), start, stop, by, reverse, limit })
        }))
    }

    /// Returns how many members have a score in a range.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zcount>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN.
    fn zcount(&self, key: impl Into<Key>, range: impl RangeBounds<f64>) -> Self::Output<u64> {
        let (min, max) = score_bounds(range);
        self.run(Ok(Command::ZCount { key: key.into(), min, max }))
    }

    /// Returns how many members are in a range of members, if all have the same score.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zlexcount>
    fn zlexcount<V: IntoValue + Clone>(
        &self,
        key: impl Into<Key>,
        range: impl RangeBounds<V>,
    ) -> Self::Output<u64> {
        self.run(building("zlexcount", || {
            let (min, max) = lex_bounds(range)?;
            Ok(Command::ZLexCount { key: key.into(), min, max })
        }))
    }

    /// Removes members and returns how many existed.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zrem>
    fn zrem(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<u64> {
        self.run(building("zrem", || Ok(Command::ZRem { key: key.into(), members: members.into_values()? })))
    }

    /// Removes the members from one rank to another, both included, and returns how many they were. Negative ranks count
    /// from the highest score.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zremrangebyrank>
    fn zremrangebyrank(&self, key: impl Into<Key>, start: i64, stop: i64) -> Self::Output<u64> {
        self.run(Ok(Command::ZRemRangeByRank { key: key.into(), start, stop }))
    }

    /// Removes the members that have a score in a range and returns how many they were.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zremrangebyscore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for NaN.
    fn zremrangebyscore(&self, key: impl Into<Key>, range: impl RangeBounds<f64>) -> Self::Output<u64> {
        let (min, max) = score_bounds(range);
        self.run(Ok(Command::ZRemRangeByScore { key: key.into(), min, max }))
    }

    /// Removes the members in a range of members, if all have the same score, and returns how many they were.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zremrangebylex>
    fn zremrangebylex<V: IntoValue + Clone>(
        &self,
        key: impl Into<Key>,
        range: impl RangeBounds<V>,
    ) -> Self::Output<u64> {
        self.run(building("zremrangebylex", || {
            let (min, max) = lex_bounds(range)?;
            Ok(Command::ZRemRangeByLex { key: key.into(), min, max })
        }))
    }

    /// Removes and returns the member with the lowest score, and its score; `None` when there is none.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zpopmin>
    fn zpopmin<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<(T, f64)>> {
        self.read(Ok(Command::ZPopMin { key: key.into(), count: None }), scored_if_any)
    }

    /// Removes and returns up to `count` members with the lowest scores, and their scores.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zpopmin>
    fn zpopmin_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Vec<(T, f64)>> {
        self.read(Ok(Command::ZPopMin { key: key.into(), count: Some(count) }), scored)
    }

    /// Removes and returns the member with the highest score, and its score; `None` when there is none.
    ///
    /// O(log n). Redis: <https://redis.io/commands/zpopmax>
    fn zpopmax<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<(T, f64)>> {
        self.read(Ok(Command::ZPopMax { key: key.into(), count: None }), scored_if_any)
    }

    /// Removes and returns up to `count` members with the highest scores, and their scores.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/zpopmax>
    fn zpopmax_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Vec<(T, f64)>> {
        self.read(Ok(Command::ZPopMax { key: key.into(), count: Some(count) }), scored)
    }

    /// Removes and returns members from one end of the first sorted set that exists. Returns its key and up to `count`
    /// members with their scores; `None` when there is no such key.
    ///
    /// O(keys), and O(log n) each. Redis: <https://redis.io/commands/zmpop>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, and for a count of 0.
    fn zmpop<T: FromValue>(
        &self,
        keys: impl IntoKeys,
        from: Extreme,
        count: u64,
    ) -> Self::Output<Option<KeyAndScored<T>>> {
        let command = Command::ZMPop { keys: keys.into_keys(), from, count: Some(count) };
        self.read(Ok(command), key_and_scored)
    }

    /// Returns a random member; `None` when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/zrandmember>
    fn zrandmember<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::ZRandMember { key: key.into(), count: None, with_scores: false }))
    }

    /// Returns up to `count` distinct members; with a negative count, exactly that many, which may repeat.
    ///
    /// O(count). Redis: <https://redis.io/commands/zrandmember>
    fn zrandmember_count<T: FromValue>(&self, key: impl Into<Key>, count: i64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::ZRandMember { key: key.into(), count: Some(count), with_scores: false }))
    }

    /// Returns up to `count` distinct members with their scores; with a negative count, exactly that many, which may
    /// repeat.
    ///
    /// O(count). Redis: <https://redis.io/commands/zrandmember>
    fn zrandmember_with_scores<T: FromValue>(
        &self,
        key: impl Into<Key>,
        count: i64,
    ) -> Self::Output<Vec<(T, f64)>> {
        let command = Command::ZRandMember { key: key.into(), count: Some(count), with_scores: true };
        self.read(Ok(command), scored)
    }

    /// Returns the members of any of the sorted sets, in the order of their added scores. Plain sets take part with
    /// scores of 1. [`zunion_with`](Self::zunion_with) takes options.
    ///
    /// O(m log m) for m members of all. Redis: <https://redis.io/commands/zunion>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zunion<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        let (keys, weights, aggregate) = (keys.into_keys(), None, None);
        self.run(Ok(Command::ZUnion { keys, weights, aggregate, with_scores: false }))
    }

    /// Returns the members of any of the sorted sets with their combined scores, in the order of these.
    ///
    /// O(m log m) for m members of all. Redis: <https://redis.io/commands/zunion>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, for another number of weights, and for NaN.
    fn zunion_with<T: FromValue>(
        &self,
        keys: impl IntoKeys,
        options: ZcombineOptions,
    ) -> Self::Output<Vec<(T, f64)>> {
        let ZcombineOptions { weights, aggregate } = options;
        let keys = keys.into_keys();
        self.read(Ok(Command::ZUnion { keys, weights, aggregate, with_scores: true }), scored)
    }

    /// Returns the members that are in all of the sorted sets, in the order of their added scores. Plain sets take part
    /// with scores of 1. [`zinter_with`](Self::zinter_with) takes options.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/zinter>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zinter<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        let (keys, weights, aggregate) = (keys.into_keys(), None, None);
        self.run(Ok(Command::ZInter { keys, weights, aggregate, with_scores: false }))
    }

    /// Returns the members that are in all of the sorted sets with their combined scores, in the order of these.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/zinter>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, for another number of weights, and for NaN.
    fn zinter_with<T: FromValue>(
        &self,
        keys: impl IntoKeys,
        options: ZcombineOptions,
    ) -> Self::Output<Vec<(T, f64)>> {
        let ZcombineOptions { weights, aggregate } = options;
        let keys = keys.into_keys();
        self.read(Ok(Command::ZInter { keys, weights, aggregate, with_scores: true }), scored)
    }

    /// Returns the members of the first sorted set that are in none of the others, in the order of their scores.
    ///
    /// O(members of the first, times the number of sets). Redis: <https://redis.io/commands/zdiff>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zdiff<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::ZDiff { keys: keys.into_keys(), with_scores: false }))
    }

    /// Returns the members of the first sorted set that are in none of the others with their scores, in the order of
    /// these.
    ///
    /// O(members of the first, times the number of sets). Redis: <https://redis.io/commands/zdiff>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zdiff_with_scores<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<(T, f64)>> {
        self.read(Ok(Command::ZDiff { keys: keys.into_keys(), with_scores: true }), scored)
    }

    /// Stores the result of [`zunion_with`](Self::zunion_with) at the key `to`, replacing any value there; an empty
    /// result deletes the key. Returns the number of members.
    ///
    /// O(m log m) for m members of all. Redis: <https://redis.io/commands/zunionstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, for another number of weights, and for NaN.
    fn zunionstore(
        &self,
        to: impl Into<Key>,
        keys: impl IntoKeys,
        options: ZcombineOptions,
    ) -> Self::Output<u64> {
        let ZcombineOptions { weights, aggregate } = options;
        self.run(Ok(Command::ZUnionStore { to: to.into(), keys: keys.into_keys(), weights, aggregate }))
    }

    /// Stores the result of [`zinter_with`](Self::zinter_with) at the key `to`, replacing any value there; an empty
    /// result deletes the key. Returns the number of members.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/zinterstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, for another number of weights, and for NaN.
    fn zinterstore(
        &self,
        to: impl Into<Key>,
        keys: impl IntoKeys,
        options: ZcombineOptions,
    ) -> Self::Output<u64> {
        let ZcombineOptions { weights, aggregate } = options;
        self.run(Ok(Command::ZInterStore { to: to.into(), keys: keys.into_keys(), weights, aggregate }))
    }

    /// Stores the result of [`zdiff`](Self::zdiff) with the scores at the key `to`, replacing any value there; an empty
    /// result deletes the key. Returns the number of members.
    ///
    /// O(members of the first, times the number of sets). Redis: <https://redis.io/commands/zdiffstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zdiffstore(&self, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::ZDiffStore { to: to.into(), keys: keys.into_keys() }))
    }

    /// Returns how many members [`zinter`](Self::zinter) would return, counting up to `limit`.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/zintercard>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn zintercard(&self, keys: impl IntoKeys, limit: Option<u64>) -> Self::Output<u64> {
        self.run(Ok(Command::ZInterCard { keys: keys.into_keys(), limit }))
    }

    /// Returns one page of a sorted set's members with their scores, in no particular order. Start with cursor `"0"`, and
    /// continue with the cursor of each page until it is `"0"` again. A member that exists throughout is returned at
    /// least once.
    ///
    /// O(count) for a page. Redis: <https://redis.io/commands/zscan>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a cursor that no page returned.
    fn zscan<T: FromValue>(
        &self,
        key: impl Into<Key>,
        cursor: impl Into<String>,
        options: MatchOptions,
    ) -> Self::Output<Page<(T, f64)>> {
        let MatchOptions { pattern, count } = options;
        let command = Command::ZScan { key: key.into(), cursor: cursor.into(), pattern, count };
        self.read(Ok(command), scored_page)
    }
}

impl<R: Run + ?Sized> SortedSets for R {}

fn zrange(key: Key, range: ZRange, with_scores: bool) -> Result<Command> {
    building("zrange", || {
        let (start, stop) = range.start_and_stop()?;
        let ZRange { by, reverse, limit, .. } = range;
        Ok(Command::ZRange { key, start, stop, by, reverse, limit, with_scores })
    })
}
